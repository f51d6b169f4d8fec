%%% What the server has stored of a request, in Mnesia, SQL or whatever mod_roster uses. The roster's record is known
%%% here and nowhere else.
%%%
%%% It differs between versions of ejabberd. Its first fields do not (usj, us, jid, name, subscription), nor do its
%%% last (ask, groups, askmessage, xs). From 26.03 on `approved` is between them.

-module(mod_subscription_requests_roster).

-export([request/2, is_pending/2, has_shared_groups/1, heeds_unasked_approval/1, asks_for_contact/2, stored_item/2, stored_request/3]).
-export([clear/2, deny/3, after_approval/2, label/3, walk/2]).
-export([approval/2, cancel/4]).
-export([watch/1, is_watched/1, is_told_all/1, written/3, change/2, forget/2, written_item/3]).

-export_type([pending/0, request/0, state/0]).

-include("logger.hrl").
-include("mod_subscription_requests.hrl").

-define(MAX_PENDING, 10000). % requests that are known to be pending without a look at the roster
-define(MAX_WATCHING, 10). % hosts: each is told of every write to the table that they share
-define(WALK_SIZE, 200). % roster items read at a time for the waiting list

%% Stored as pending, with this <item/>, and not changed since.
-type pending() :: #{key() => fxml:xmlel() | none}.

-type state() :: {Subscription :: atom(), Ask :: atom(), IsApproved :: boolean()}.
%% stale: stored as pending, but the contact is subscribed already.
-type request() :: {pending, state()} | stale | none.

-spec request(binary(), key()) -> request().
request(Host, Key) ->
    case state(Host, Key) of
	none -> none;
	State -> request(Host, Key, State)
    end.

request(Host, Key, State) ->
    case is_stored(State) andalso is_subscribed(Host, Key, State) of
	true -> stale;
	false -> case is_stored(State) of true -> {pending, State}; false -> none end
    end.

-spec is_pending(binary(), key()) -> boolean().
is_pending(Host, Key) ->
    case request(Host, Key) of
	{pending, _} -> true;
	_ -> false
    end.

%% Whether mod_roster would make something of `subscribed` if this request were withdrawn: of the subscription `to` it makes
%% `both`, and where it has pre-approvals it stores one.
-spec heeds_unasked_approval(state()) -> boolean().
heeds_unasked_approval({Subscription, _, _}) -> Subscription == to orelse has_approvals().

%% Whether the user is subscribed to the contact or has asked to be.
-spec asks_for_contact(binary(), key()) -> boolean().
asks_for_contact(Host, Key) ->
    case state(Host, Key) of
	none -> false;
	{Subscription, Ask, _} -> lists:member(Subscription, [to, both]) orelse lists:member(Ask, [out, both, subscribe])
    end.

%% What has become of a request that mod_roster was to approve.
-spec after_approval(binary(), key()) -> approved | pending | none.
after_approval(Host, Key) ->
    case state(Host, Key) of
	{Subscription, _, _} when Subscription == from; Subscription == both -> approved;
	{_, _, _} = State -> case is_stored(State) of true -> pending; false -> none end;
	none -> none
    end.

%% The user's <item/>, or none.
-spec stored_item(binary(), key()) -> fxml:xmlel() | none.
stored_item(Host, Key) ->
    case state(Host, Key) of
	none -> none;
	State -> element_of(Key, State)
    end.

%% For the waiting list.
-spec stored_request(binary(), binary(), key()) -> fxml:xmlel() | stale | none | malformed.
stored_request(Id, Host, Key) ->
    Item = item(Host, Key),
    try
	case request(Host, Key, state(Item)) of
	    {pending, State} ->
		Nick = mod_subscription_requests_xml:nick(#presence{sub_els = other_elements(Item)}),
		Texts = [{<<"status">>, status(Item)}, {<<"nick">>, Nick}],
		mod_subscription_requests_xml:request(Id, Host, Key, Texts, element_of(Key, State));
	    Other ->
		Other
	end
    catch _:_ ->
	malformed % from long ago, or written by a tool
    end.

is_in_mnesia(Host) -> gen_mod:db_mod(Host, mod_roster) == mod_roster_mnesia.

is_alone() -> ejabberd_cluster:get_nodes() == [node()].

%%%===================================================================
%%% One item
%%%===================================================================

%% From mod_roster's storage. Its cache, which `roster_get_jid_info` reads, may stay out of date on the nodes of a
%% cluster that did not write.
-spec item(binary(), key()) -> tuple() | none.
item(Host, {User, Contact}) ->
    Storage = gen_mod:db_mod(Host, mod_roster),
    case read(Storage, Host, fun() -> Storage:get_roster_item(User, Host, Contact) end) of
	{ok, Item} -> Item;
	error -> none
    end.

%% In a cluster a transaction waits for the other nodes' writes. A node that is alone has made them all itself, and
%% reads without one in a fraction of the time.
read(Storage, Host, Read) ->
    case Storage == mod_roster_mnesia andalso is_alone() of
	true ->
	    mnesia:async_dirty(Read);
	false ->
	    {atomic, Found} = transaction(Storage, Host, Read),
	    Found
    end.

state(none) -> {none, none, false};
state(Item) ->
    {element(6, Item), element(tuple_size(Item) - 3, Item), has_approvals() andalso element(7, Item) == true}.

is_stored({_Subscription, Ask, _IsApproved}) -> Ask == in orelse Ask == both.

%% Without name, groups and text, which in SQL are what is expensive: it takes a transaction and two queries to have them.
state(Host, {User, Contact} = Key) ->
    case gen_mod:db_mod(Host, mod_roster) of
	mod_roster_sql ->
	    Query = ["select subscription, ask", [", approved" || has_approvals()], " from rosterusers where username=",
		     literal(Host, User), " and jid=", literal(Host, jid:encode(Contact)), of_host(Host)],
	    {selected, _, Rows} = ejabberd_sql:sql_query(Host, [iolist_to_binary(Query)]),
	    case Rows of
		[] -> none;
		[[Subscription, Ask | Approved]] ->
		    {subscription_in_row(Subscription), ask_in_row(Ask),
		     lists:any(fun(Value) -> lists:member(Value, [<<"1">>, <<"t">>, <<"true">>]) end, Approved)}
	    end;
	_ ->
	    case item(Host, Key) of
		none -> none;
		Item -> state(Item)
	    end
    end.

subscription_in_row(<<"B">>) -> both;
subscription_in_row(<<"T">>) -> to;
subscription_in_row(<<"F">>) -> from;
subscription_in_row(_) -> none.

ask_in_row(<<"B">>) -> both;
ask_in_row(<<"O">>) -> out;
ask_in_row(<<"I">>) -> in;
ask_in_row(<<"S">>) -> subscribe;
ask_in_row(_) -> none.

%% What the user's own item says if the contact is subscribed by it. Whoever is in a shared group is subscribed by that,
%% whatever is stored.
-spec approval(binary(), key()) -> approval() | none.
approval(Host, Key) -> approval_of(Host, Key, item(Host, Key)).

approval_of(_Host, _Key, none) ->
    none;
approval_of(Host, Key, Item) ->
    {Subscription, Ask, _} = state(Item),
    {Name, Groups} = own_label(Item),
    case lists:member(Subscription, [from, both]) andalso not is_shared(Host, Key) of
	true -> #{subscription => Subscription, ask => lists:member(Ask, [out, both, subscribe]), name => text(Name),
		  groups => lists:usort([Group || Group <- Groups, is_binary(Group)])};
	false -> none
    end.

text(Text) when is_binary(Text) -> Text;
text(_) -> <<>>.

%% Whether the contact is subscribed to the user, as the user's clients see it: those that have a shared group in common
%% are, whatever is stored.
is_subscribed(Host, Key, {Subscription, _, _}) ->
    lists:member(Subscription, [from, both]) orelse is_shared(Host, Key).

is_shared(Host, {User, _} = Key) ->
    lists:any(fun(Groups) ->
		      {Shared, _, _} = Groups:get_jid_info({none, none, []}, User, Host,
							   mod_subscription_requests_xml:contact_jid(Key)),
		      lists:member(Shared, [from, both])
	      end, shared_groups(Host)).

-spec has_shared_groups(binary()) -> boolean().
has_shared_groups(Host) -> shared_groups(Host) /= [].

shared_groups(Host) -> [Groups || Groups <- [mod_shared_roster, mod_shared_roster_ldap], gen_mod:is_loaded(Host, Groups)].

status(Item) ->
    case element(tuple_size(Item) - 1, Item) of
	Text when is_binary(Text) -> Text;
	_ -> <<>>
    end.

other_elements(Item) -> element(tuple_size(Item), Item).

%% From 26.03 on.
has_approvals() -> erlang:function_exported(mod_roster, pre_approval_stream_feature, 2).

%% ejabberd keeps a pending request in an item of its own, which users do not see.
element_of(_Key, {none, in, _}) -> none;
element_of(Key, {Subscription, Ask, IsApproved}) -> mod_subscription_requests_xml:item(Key, Subscription, Ask, IsApproved).

%%%===================================================================
%%% Changes that mod_roster has no stanza for
%%%===================================================================

%% Removes a stale request, and nothing else.
-spec clear(binary(), key()) -> ok.
clear(Host, Key) ->
    _ = in_transaction(Host, Key, fun(Item) ->
					  request(Host, Key, state(Item)) == stale
					      andalso write_without_request(Item, Key, Host)
				  end),
    ok.

%% Has mod_roster carry out a denial if the request is pending. Who approves meanwhile does so before or after it.
-spec deny(binary(), key(), presence()) -> denied | failed | stale | none.
deny(Host, Key, Denial) ->
    Denied = in_transaction(Host, Key, fun(Item) ->
					       case request(Host, Key, state(Item)) of
						   {pending, State} -> deny(Host, Key, Denial, Item, State);
						   Other -> Other
					       end
				       end),
    case Denied of
	{atomic, Result} -> Result;
	_ -> failed
    end.

deny(Host, Key, Denial, Item, State) ->
    _ = mod_roster:out_subscription(Denial),
    After = transacted_item(Host, Key),
    case is_stored(state(After)) of
	true ->
	    failed; % mod_roster does not say so
	false ->
	    %% It deletes the item, also if the user has given the contact a name or groups.
	    _ = After == none andalso is_kept(Item, State)
		andalso mod_roster:set_roster(setelement(tuple_size(Item) - 1, set_ask(none, Item), <<>>)),
	    denied
    end.

is_kept(Item, {none, in, _}) -> is_users_own(Item);
is_kept(_Item, _State) -> false.

%% Gives the user's item for a contact who is subscribed the name and the group that it has not (S102). mod_roster
%% stores them as if the user's client had sent them, and tells the user's clients: before the transaction around it
%% is committed, which this one must be in so that what the user has named meanwhile stays.
-spec label(binary(), key(), label()) -> ok.
label(Host, Key, Label) ->
    {atomic, _} = in_transaction(Host, Key, fun(Item) ->
						    {Subscription, _, _} = state(Item),
						    lists:member(Subscription, [from, both])
							andalso label(Host, Key, Label, own_label(Item))
					    end),
    ok.

label(Host, Key, {Name, Group}, {OwnName, OwnGroups} = Own) ->
    case {own_or(OwnName, <<>>, Name), own_or(OwnGroups, [], [Group || Group /= <<>>])} of
	Own -> ok;
	{NewName, NewGroups} ->
	    Item = mod_subscription_requests_xml:labelled_item(Key, NewName, NewGroups),
	    ok = mod_roster:set_item_and_notify_clients(mod_subscription_requests_xml:user_jid(Host, Key), Item, false)
    end.

own_or(Nothing, Nothing, New) -> New;
own_or(Own, _Nothing, _New) -> Own.

%% Has mod_roster cancel the subscription of a contact whose item is the one that is meant. In SQL what the user's client
%% changes between the two statements of this transaction is not seen.
-spec cancel(binary(), key(), fun((approval()) -> boolean()), presence()) -> revoked | changed | failed.
cancel(Host, Key, IsMeant, Cancellation) ->
    Cancelled = in_transaction(Host, Key, fun(Item) ->
						  Approval = approval_of(Host, Key, Item),
						  case Approval /= none andalso IsMeant(Approval) of
						      true -> cancel(Host, Key, Cancellation);
						      false -> changed
						  end
					  end),
    case Cancelled of
	{atomic, Result} -> Result;
	_ -> failed
    end.

cancel(Host, Key, Cancellation) ->
    _ = mod_roster:out_subscription(Cancellation),
    {Subscription, _, _} = state(transacted_item(Host, Key)),
    case lists:member(Subscription, [from, both]) of
	true -> failed; % mod_roster does not say so
	false -> revoked
    end.

%% In one transaction, with those of mod_roster within it. mod_roster forgets what it has cached at the end of its own,
%% and here once more at the end of the whole: what was read in between is out of date.
in_transaction(Host, {User, _} = Key, Change) ->
    Storage = gen_mod:db_mod(Host, mod_roster),
    Result = transaction(Storage, Host, fun() -> Change(transacted_item(Host, Key)) end),
    _ = mod_roster:set_items(User, Host, #roster_query{items = []}),
    Result.

%% An error in it, such as another module's in a hook of mod_roster's, would end ejabberd's process for SQL, with all that
%% waits for it. An exit rolls the transaction back: so it does in Mnesia.
transaction(Storage, Host, Function) ->
    Storage:transaction(Host, fun() ->
				      try Function()
				      catch error:Reason:Stack -> exit({Reason, Stack})
				      end
			      end).

transacted_item(Host, {User, Contact}) ->
    Storage = gen_mod:db_mod(Host, mod_roster),
    case Storage:get_roster_item(User, Host, Contact) of
	{ok, Item} -> Item;
	error -> none
    end.

write_without_request(Item, {User, Contact}, Host) ->
    {Subscription, Ask, _} = state(Item),
    Rest = case Ask of both -> out; in -> none end,
    case {Subscription, Rest, is_users_own(Item)} of
	{none, none, false} -> mod_roster:del_roster(User, Host, Contact);
	_ -> mod_roster:set_roster(setelement(tuple_size(Item) - 1, set_ask(Rest, Item), <<>>))
    end.

set_ask(Ask, Item) -> setelement(tuple_size(Item) - 3, Item, Ask).

%% A name or a group can only be the user's own.
is_users_own(Item) -> own_label(Item) /= {<<>>, []}.

own_label(Item) -> {element(5, Item), element(tuple_size(Item) - 2, Item)}.

%%%===================================================================
%%% What Mnesia tells of changes
%%%===================================================================

%% Mnesia tells the host's process of every change before it can be seen, as long as all are made on this node. What
%% it has been told it need not read, which is a turn of the one process that serves a table on disk.
-spec watch(binary()) -> ok.
watch(Host) ->
    _ = is_in_mnesia(Host) andalso length(ejabberd_option:hosts()) =< ?MAX_WATCHING
	andalso mnesia:subscribe({table, roster, simple}),
    ok.

-spec is_watched(binary()) -> boolean().
is_watched(Host) ->
    is_in_mnesia(Host) andalso is_alone() andalso
	lists:member(whereis(mod_subscription_requests_host:proc(Host)), mnesia:table_info(roster, subscribers)).

%% Whether it is told of all changes, on this node and on others.
-spec is_told_all(binary()) -> boolean().
is_told_all(Host) ->
    is_in_mnesia(Host) andalso mnesia:table_info(roster, storage_type) /= unknown
	andalso lists:member(whereis(mod_subscription_requests_host:proc(Host)), mnesia:table_info(roster, subscribers)).

%% What a change is for the waiting list.
-spec change(Event :: tuple(), binary()) -> {waits | gone, key()} | nothing.
change({write, Item, _By}, Host) ->
    case element(2, Item) of
	{User, Host, Contact} ->
	    {case is_stored(state(Item)) of true -> waits; false -> gone end, {User, Contact}};
	_ ->
	    nothing
    end;
change({delete, {roster, {User, Host, Contact}}, _By}, Host) ->
    {gone, {User, Contact}};
change({delete_object, Item, By}, Host) ->
    change({delete, {roster, element(2, Item)}, By}, Host);
change(_Event, _Host) ->
    nothing.

-spec written(Event :: tuple(), binary(), pending()) -> pending().
written({write, Item, _By}, Host, Pending) ->
    case element(2, Item) of
	{User, Host, Contact} ->
	    Key = {User, Contact},
	    State = state(Item),
	    try is_stored(State) of
		true when map_size(Pending) < ?MAX_PENDING -> Pending#{Key => element_of(Key, State)};
		true -> #{Key => element_of(Key, State)}; % most have not become holds
		false -> forget(Key, Pending)
	    catch _:_ ->
		forget(Key, Pending)
	    end;
	_ ->
	    Pending
    end;
written({delete, {roster, {User, _, Contact}}, _By}, _Host, Pending) ->
    forget({User, Contact}, Pending);
written({delete_object, Item, By}, Host, Pending) ->
    written({delete, {roster, element(2, Item)}, By}, Host, Pending);
written(_Event, _Host, _Pending) ->
    #{}.

-spec forget(key(), pending()) -> pending().
forget(Key, Pending) -> maps:remove(Key, Pending).

%% The request's write was told before its hold.
-spec written_item(binary(), key(), pending()) -> fxml:xmlel() | none.
written_item(Host, Key, Pending) ->
    case Pending of
	#{Key := Item} -> Item;
	_ -> stored_item(Host, Key)
    end.

%%%===================================================================
%%% All that is pending
%%%===================================================================

%% Reads all rosters; may take minutes.
-spec walk(binary(), fun(([key()]) -> term())) -> ok.
walk(Host, Found) ->
    case gen_mod:db_mod(Host, mod_roster) of
	mod_roster_mnesia -> walk_mnesia(Host, Found);
	mod_roster_sql -> walk_sql(Host, Found);
	_ -> walk_users(Host, Found)
    end,
    ok.

walk_mnesia(Host, Found) ->
    Attributes = mnesia:table_info(roster, attributes),
    Pattern = lists:foldl(fun({Name, Value}, Item) ->
				  setelement(position(Name, Attributes) + 1, Item, Value)
			  end, mnesia:table_info(roster, wild_pattern),
			  [{usj, {'$1', Host, '$2'}}, {ask, '$3'}]),
    Spec = [{Pattern, [{'orelse', {'==', '$3', in}, {'==', '$3', both}}], [{{'$1', '$2'}}]}],
    %% Fixed, so that what others write meanwhile does not make items come twice or not at all.
    case mnesia:table_info(roster, storage_type) of
	disc_only_copies -> dets:safe_fixtable(roster, true);
	unknown -> ok; % the table is on another node
	_ -> ets:safe_fixtable(roster, true)
    end,
    mnesia:async_dirty(fun() -> walk_mnesia_on(mnesia:select(roster, Spec, ?WALK_SIZE, read), Found) end).

walk_mnesia_on('$end_of_table', _Found) -> ok;
walk_mnesia_on({Keys, Continuation}, Found) ->
    Found(Keys),
    walk_mnesia_on(mnesia:select(Continuation), Found).

position(Name, [Name | _]) -> 1;
position(Name, [_ | Names]) -> 1 + position(Name, Names).

%% In pages by key: the whole of it may be large, and whoever is told must not be flooded.
walk_sql(Host, Found) -> walk_sql(Host, beginning, Found).

walk_sql(Host, After, Found) ->
    {Top, Limit} = case ejabberd_option:sql_type(Host) of
		       mssql -> {["top ", integer_to_list(?WALK_SIZE)], ""};
		       _ -> {"", [" limit ", integer_to_list(?WALK_SIZE)]}
		   end,
    Query = ["select ", Top, " username, jid from rosterusers where ask in ('I', 'B')", of_host(Host),
	     after_row(Host, After), " order by username, jid", Limit],
    {selected, _, Rows} = ejabberd_sql:sql_query(Host, [iolist_to_binary(Query)]),
    Found(lists:flatmap(fun(Row) -> key_in_row(Host, Row) end, Rows)),
    length(Rows) < ?WALK_SIZE orelse walk_sql(Host, lists:last(Rows), Found).

after_row(_Host, beginning) -> "";
after_row(Host, [User, Contact]) ->
    [" and (username > ", literal(Host, User),
     " or (username = ", literal(Host, User), " and jid > ", literal(Host, Contact), "))"].

key_in_row(Host, [User, Text]) ->
    case mod_subscription_requests_xml:address(Text) of
	{ok, Contact} ->
	    [{User, Contact}];
	malformed ->
	    ?WARNING_MSG("A stored request cannot be read, and is not listed: of ~p to ~p at ~ts", [Text, User, Host]),
	    []
    end.

of_host(Host) ->
    case ejabberd_sql:use_new_schema() of
	true -> [" and server_host=", literal(Host, Host)];
	false -> ""
    end.

literal(Host, Text) -> ejabberd_sql:to_string_literal(ejabberd_option:sql_type(Host), Text).

walk_users(Host, Found) ->
    [Found([{User, Contact} || Item <- mod_roster:get_roster(User, Host),
			       {_, _, Contact} <- [element(2, Item)],
			       is_stored(state(Item))])
     || {User, _} <- ejabberd_auth:get_users(Host)].
