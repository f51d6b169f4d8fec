%%% What the server has stored of a request, in Mnesia, SQL or whatever mod_roster uses. The roster's record is known
%%% here and nowhere else.
%%%
%%% It differs between versions of ejabberd. Its first fields do not (usj, us, jid, name, subscription), nor do its
%%% last (ask, groups, askmessage, xs), and what is between them has an accessor.

-module(mod_subscription_requests_roster).

-export([subscription/2, is_pending/2, stored_item/2, stored_request/3, transaction_counts/1, walk/2]).
-export([watch/1, is_watched/1, written/3, forget/2, written_item/3]).

-export_type([pending/0]).

-include("mod_subscription_requests.hrl").

-define(MAX_PENDING, 10000). % requests that are known to be pending without a look at the roster
-define(MAX_WATCHING, 10). % hosts: each is told of every write to the table that they share
-define(WALK_SIZE, 200). % roster items read at a time for the waiting list

%% Stored as pending, with this <item/>, and not changed since.
-type pending() :: #{key() => fxml:xmlel() | none}.

-spec subscription(binary(), key()) -> {Subscription :: atom(), Ask :: atom()}.
subscription(Host, Key) -> subscription(item(Host, Key)).

-spec is_pending(binary(), key()) -> boolean().
is_pending(Host, Key) -> is_pending(subscription(Host, Key)).

%% The user's <item/>, or none.
-spec stored_item(binary(), key()) -> fxml:xmlel() | none.
stored_item(Host, Key) ->
    case item(Host, Key) of
	none -> none;
	Item -> element_of(Key, Item)
    end.

%% For the waiting list; none if the request is not pending any more.
-spec stored_request(binary(), binary(), key()) -> fxml:xmlel() | none.
stored_request(Id, Host, Key) ->
    Item = item(Host, Key),
    case is_pending(subscription(Item)) of
	true ->
	    Nick = mod_subscription_requests_xml:nick(#presence{sub_els = other_elements(Item)}),
	    Texts = [{<<"status">>, status(Item)}, {<<"nick">>, Nick}],
	    mod_subscription_requests_xml:request(Id, Host, Key, Texts, element_of(Key, Item));
	false ->
	    none
    end.

%% What Mnesia has {failed, committed} of all tables.
-spec transaction_counts(binary()) -> {non_neg_integer(), non_neg_integer()} | unknown.
transaction_counts(Host) ->
    case is_in_mnesia(Host) andalso is_alone() of
	true -> {mnesia:system_info(transaction_failures), mnesia:system_info(transaction_commits)};
	false -> unknown
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
	    {atomic, Found} = Storage:transaction(Host, Read),
	    Found
    end.

subscription(none) -> {none, none};
subscription(Item) -> {element(6, Item), element(tuple_size(Item) - 3, Item)}.

is_pending({_Subscription, Ask}) -> Ask == in orelse Ask == both.

status(Item) ->
    case element(tuple_size(Item) - 1, Item) of
	Text when is_binary(Text) -> Text;
	_ -> <<>>
    end.

other_elements(Item) -> element(tuple_size(Item), Item).

is_approved(Item) ->
    fxml:get_tag_attr_s(<<"approved">>, xmpp:encode(mod_roster:encode_item(Item))) == <<"true">>.

%% ejabberd keeps a pending request in an item of its own, which users do not see.
element_of(Key, Item) ->
    case subscription(Item) of
	{none, in} -> none;
	{Subscription, Ask} -> mod_subscription_requests_xml:item(Key, Subscription, Ask, is_approved(Item))
    end.

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

-spec written(Event :: tuple(), binary(), pending()) -> pending().
written({write, Item, _By}, Host, Pending) ->
    case element(2, Item) of
	{User, Host, Contact} ->
	    Key = {User, Contact},
	    case is_pending(subscription(Item)) of
		true when map_size(Pending) < ?MAX_PENDING -> Pending#{Key => element_of(Key, Item)};
		true -> #{Key => element_of(Key, Item)}; % most have not become holds
		false -> forget(Key, Pending)
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

walk_sql(Host, Found) ->
    OnlyHost = case ejabberd_sql:use_new_schema() of
		   true -> [<<" and server_host='">>, ejabberd_sql:escape(Host), <<"'">>];
		   false -> <<>>
	       end,
    Query = [<<"select username, jid from rosterusers where ask in ('I', 'B')">>, OnlyHost],
    {selected, _, Rows} = ejabberd_sql:sql_query(Host, [iolist_to_binary(Query)]),
    Found([{User, Contact} || [User, Text] <- Rows, {ok, Contact} <- [mod_subscription_requests_xml:address(Text)]]).

walk_users(Host, Found) ->
    [Found([{User, Contact} || Item <- mod_roster:get_roster(User, Host),
			       {_, _, Contact} <- [element(2, Item)],
			       is_pending(Host, {User, Contact})])
     || {User, _} <- ejabberd_auth:get_users(Host)].
