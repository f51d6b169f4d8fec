%%% Puts presence subscription requests (RFC 6121 section 3.1) to a privileged entity (XEP-0356), which may
%%% approve or deny them on the user's behalf or leave them to her. Protocol: ../../PROTOCOL.md.
%%%
%%% ejabberd stores the request and changes the rosters itself; this module holds back nothing but the delivery,
%%% and only until the entity has answered. Without an entity, or without its answer, the user gets the request
%%% as if the module were not loaded.
%%%
%%% ejabberd 23.01 and later. It grants and advertises the permission itself: mod_privilege knows no accounts,
%%% before 24.10 no iq permission, and forgets a component when one of its instances leaves.
%%%
%%% One process for each host decides; whatever waits for storage or for other processes is done in processes
%%% that it starts. In a cluster every node holds the requests that it received, and may ask entities that are
%%% connected to any node.

-module(mod_subscription_requests).
-behaviour(gen_mod).
-behaviour(gen_server).

%% gen_mod
-export([start/2, stop/1, reload/3, depends/2, mod_opt_type/1, mod_options/1, mod_doc/0]).
%% gen_server
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2, code_change/3]).
%% Hooks
-export([trial_arrives/2, subscription_arrives/2, user_answers/1, user_removed/2, keep_held/1, packet_for_entity/1,
	 reply_passes/1, component_connected/1, component_sends/1, presence_set/4, presence_unset/4, session_closed/3, session_pending/1]).
%% IQs
-export([decode_iq_subel/1, process_iq/1]).

-include("logger.hrl").
-include("ejabberd_router.hrl").
-include("translate.hrl").
-include("xmpp.hrl").

-define(NS, <<"urn:xmpp:subscription-requests:0">>).
-define(NS_PRIVILEGE_2, <<"urn:xmpp:privilege:2">>).

-define(ASK_GAP, 5000). % us between two asks under load: a batch gathers, and nobody notices the delay
-define(ASK_PATIENCE, 500000). % us until the next ask no longer waits for the answer to this one
-define(ASK_SIZE, 100). % requests in one ask
-define(ANSWER_LIFETIME, 60000). % ms in which an answer to an ask counts, though the user has the request by then
-define(TEXT_LIMIT, 1024). % bytes of a stranger's <status/> or <nick/> that reach the entity
-define(PAGE_SIZE, 100). % requests in one page of the waiting list
-define(MOST_BYTES, 10000). % of a stanza for an entity that somebody else wrote
-define(MOST_ELEMENTS, 300).
-define(TOO_LARGE, <<"Longer than 10000 bytes, or more than 300 elements">>).
-define(MOST_PENDING, 10000). % requests that are known to be pending without a look at the roster
-define(MOST_WATCHING, 10). % hosts: each is told of every write to the table that they share
-define(WALK_SIZE, 200). % roster items read at a time for the waiting list
-define(REPORT_INTERVAL, 60000). % ms between two log lines about the same trouble
-define(HINT_INTERVAL, 60000). % ms between two hints that requests have passed unanswered
-define(ID_PREFIX, "subreq-").

%% The user's name and the contact's address, both prepared.
-type key() :: {binary(), jid:ljid()}.
-type verdict() :: subscribed | unsubscribed | none.

%% A request whose delivery waits for an answer.
%%   queued --> {asked, _}           it was put into an ask; back again when that connection ends
%%   queued, {asked, _} --> answering    a verdict is being applied; the row goes when that is done
%%   queued, {asked, _} --> (no row)     left to the user, or withdrawn: there is nothing to deliver any more
%% The rows outlive the process that decides about them. Ids grow with the time of receipt.
-record(hold, {key :: key() | '_',
	       id :: pos_integer() | '_',
	       node :: node() | '_', % which received the request, and decides
	       received :: integer() | '_', % ms, this node's monotonic time
	       state = queued :: queued | {asked, binary()} | answering | '_',
	       presence :: presence() | '_',
	       element :: fxml:xmlel() | undefined | '_'}). % <request/>; only on the deciding node

%% A component's stream, or an available resource of an account.
-record(connection, {pid :: pid(),
		     address :: jid:ljid(),
		     entity :: jid:ljid(),
		     asked :: boolean()}). % false: an account's resource that has not read the waiting list

-record(ask, {pid :: pid(),
	      address :: jid:ljid(),
	      sent :: integer(), % us
	      requests :: #{binary() => {key(), pos_integer(), held | left}}}).

-record(state, {host :: binary(),
		entities :: [jid:ljid()], % in the order in which they are asked
		monitors = #{} :: #{pid() => reference()}, % of connections, known or gone unavailable
		queue = [] :: [{key(), pos_integer()}], % newest first
		asks = #{} :: #{binary() => #ask{}},
		in_flight :: undefined | binary(),
		last_sent :: undefined | integer(), % us
		last_size = 0 :: non_neg_integer(),
		last_asked :: undefined | pid(),
		wake :: undefined | {reference(), integer()},
		log_name :: undefined | jid:ljid(), % the entity that the log says is asked
		pending = #{} :: #{key() => fxml:xmlel() | none}, % was stored as pending, with this <item/>, and not changed since
		list = none :: none | {building, pid(), [term()]} | ready,
		list_last = 0 :: non_neg_integer(),
		list_tag :: binary(),
		missed = false :: boolean(), % requests have passed unanswered although an entity was connected
		hint_timer = false :: boolean(), % it is looked at again whether the entity is to be told of them
		last_hint :: undefined | integer(), % ms
		reports = #{} :: #{atom() => non_neg_integer()}}).

%%%===================================================================
%%% gen_mod
%%%===================================================================

%% The process advertises as soon as it starts, and entities answer at once: everything else comes before.
start(Host, Opts) ->
    know_entities([{Host, entities(Opts)} | other_entities(Host)]),
    [ejabberd_hooks:add(Hook, Where, ?MODULE, Function, Order)
     || {Hook, Where, Function, Order} <- host_hooks(Host) ++ shared_hooks(entities(Opts))],
    gen_iq_handler:add_iq_handler(ejabberd_local, Host, ?NS, ?MODULE, process_iq),
    gen_mod:start_child(?MODULE, Host, Opts).

stop(Host) ->
    stop(Host, entities(Host)).

stop(Host, Entities) ->
    gen_iq_handler:remove_iq_handler(ejabberd_local, Host, ?NS),
    gen_mod:stop_child(?MODULE, Host),
    Others = other_entities(Host),
    Needed = [Hook || {_, Theirs} <- Others, Hook <- shared_hooks(Theirs)],
    [ejabberd_hooks:delete(Hook, Where, ?MODULE, Function, Order)
     || {Hook, Where, Function, Order} <- host_hooks(Host) ++ (shared_hooks(Entities) -- Needed)],
    catch ets:delete(holds(Host)),
    know_entities(Others).

reload(Host, NewOpts, OldOpts) ->
    stop(Host, entities(OldOpts)),
    start(Host, NewOpts).

depends(_Host, _Opts) ->
    [{mod_roster, hard}].

host_hooks(Host) ->
    [{roster_in_subscription, Host, trial_arrives, 49}, % after whatever rejects, before mod_roster (50)
     {roster_in_subscription, Host, subscription_arrives, 60},
     {roster_out_subscription, Host, user_answers, 60},
     {remove_user, Host, user_removed, 60},
     {c2s_filter_send, Host, keep_held, 10}].

%% Those that several hosts share, since an entity may serve several and be of any.
shared_hooks(Entities) ->
    [{filter_packet, global, packet_for_entity, 40},
     {filter_packet, global, reply_passes, 50},
     {component_connected, global, component_connected, 50},
     {component_send_packet, global, component_sends, 40} % before mod_privilege (50)
     | lists:append([[{set_presence_hook, Server, presence_set, 50},
		      {unset_presence_hook, Server, presence_unset, 50},
		      {sm_remove_connection_hook, Server, session_closed, 50},
		      {c2s_session_pending, Server, session_pending, 50}]
		     || Server <- lists:usort([S || {U, S, _} <- Entities, U /= <<>>])])].

mod_opt_type(entities) ->
    econf:list(
      econf:and_then(
	econf:jid(),
	fun(#jid{lresource = <<>>} = Address) -> jid:tolower(Address);
	   (Address) -> econf:fail({bad_jid, jid:encode(Address)})
	end), [unique]);
mod_opt_type(timeout) ->
    econf:timeout(second);
mod_opt_type(max_held) ->
    econf:non_neg_int().

mod_options(_Host) ->
    [entities, {timeout, timer:seconds(5)}, {max_held, 10000}].

mod_doc() ->
    #{desc => ?T("Puts presence subscription requests to a privileged entity, which approves or denies them "
		 "on the user's behalf or leaves them to her."),
      opts =>
	  [{entities,
	    #{value => "[Address, ...]",
	      desc => ?T("Components' domains and bare addresses of accounts that may answer, in the order in which "
			 "they are asked. This option is required.")}},
	   {timeout,
	    #{value => "timeout()",
	      desc => ?T("How long a request waits for an answer until it is left to the user. The default is "
			 "5 seconds.")}},
	   {max_held,
	    #{value => "non_neg_integer()",
	      desc => ?T("How many requests may wait for an answer at a time; what comes beyond is left to the "
			 "users at once. The default is 10000.")}}]}.

%%%===================================================================
%%% Names and options
%%%===================================================================

proc(Host) -> gen_mod:get_module_proc(Host, ?MODULE).
holds(Host) -> gen_mod:get_module_proc(Host, subscription_requests_held).
connections(Host) -> gen_mod:get_module_proc(Host, subscription_requests_connections).
waiting(Host) -> gen_mod:get_module_proc(Host, subscription_requests_waiting).

entities(Host) when is_binary(Host) -> gen_mod:get_module_opt(Host, ?MODULE, entities);
entities(Opts) -> gen_mod:get_opt(entities, Opts).

loaded_hosts() ->
    [Host || Host <- ejabberd_option:hosts(), gen_mod:is_loaded(Host, ?MODULE)].

other_entities(Host) ->
    [{Other, entities(Other)} || Other <- lists:delete(Host, loaded_hosts())].

%% For each packet that passes: all entities, each with a host that grants it.
know_entities(Granted) ->
    persistent_term:put(?MODULE, maps:from_list([{Entity, Host} || {Host, Entities} <- Granted, Entity <- Entities])).

hosts_granting(Entity) ->
    [Host || Host <- loaded_hosts(), lists:member(Entity, entities(Host))].

bare(Address) -> jid:remove_resource(jid:tolower(Address)).

user_jid(Host, {User, _}) -> jid:make(User, Host).
contact_jid({_, Contact}) -> jid:make(Contact).

now_ms() -> erlang:monotonic_time(millisecond).
now_us() -> erlang:monotonic_time(microsecond).

random_id() -> str:to_hexlist(crypto:strong_rand_bytes(12)).

%%%===================================================================
%%% The server's own view of a request
%%%===================================================================

%% From mod_roster's storage. Its cache, which `roster_get_jid_info` reads, may stay out of date on the nodes of a
%% cluster that did not write.
%%
%% The roster's record differs between versions of ejabberd. Its first fields do not (usj, us, jid, name,
%% subscription), nor do its last (ask, groups, askmessage, xs), and what is between them has an accessor.
-spec roster_item(binary(), key()) -> tuple() | none.
roster_item(Host, {User, Contact}) ->
    Storage = gen_mod:db_mod(Host, mod_roster),
    case read_roster(Storage, Host, fun() -> Storage:get_roster_item(User, Host, Contact) end) of
	{ok, Item} -> Item;
	error -> none
    end.

%% In a cluster a transaction waits for the other nodes' writes. A node that is alone has made them all itself, and
%% reads without one in a fraction of the time.
read_roster(Storage, Host, Read) ->
    case Storage == mod_roster_mnesia andalso is_alone() of
	true ->
	    mnesia:async_dirty(Read);
	false ->
	    {atomic, Found} = Storage:transaction(Host, Read),
	    Found
    end.

is_alone() -> ejabberd_cluster:get_nodes() == [node()].

%% Mnesia tells the host's process of every change before it can be seen, as long as all are made on this node. What
%% it has been told it need not read, which is a turn of the one process that serves a table on disk.
is_watched(Host) ->
    gen_mod:db_mod(Host, mod_roster) == mod_roster_mnesia andalso is_alone()
	andalso lists:member(whereis(proc(Host)), mnesia:table_info(roster, subscribers)).

watch_roster(Host) ->
    case gen_mod:db_mod(Host, mod_roster) == mod_roster_mnesia andalso length(ejabberd_option:hosts()) =< ?MOST_WATCHING of
	true -> mnesia:subscribe({table, roster, simple});
	false -> unwatched
    end.

-spec subscription(binary(), key()) -> {Subscription :: atom(), Ask :: atom()}.
subscription(Host, Key) -> subscription(roster_item(Host, Key)).

subscription(none) -> {none, none};
subscription(Item) -> {element(6, Item), element(tuple_size(Item) - 3, Item)}.

status(Item) ->
    case element(tuple_size(Item) - 1, Item) of
	Text when is_binary(Text) -> Text;
	_ -> <<>>
    end.

other_elements(Item) -> element(tuple_size(Item), Item).

approved(Item) ->
    fxml:get_tag_attr_s(<<"approved">>, xmpp:encode(mod_roster:encode_item(Item))) == <<"true">>.

is_pending(Host, Key) -> is_pending(subscription(Host, Key)).

is_pending({_Subscription, Ask}) -> Ask == in orelse Ask == both.

privacy_allows(#presence{from = From, to = To} = Presence, Direction) ->
    Self = case Direction of in -> To; out -> From end,
    allow == ejabberd_hooks:run_fold(privacy_check_packet, Self#jid.lserver, allow, [Self, Presence, Direction]).

%% Would the server let this request in now? It is sent once more, through everything that may reject it, to see
%% whether it comes as far as our own hook: blocking does not clear what is pending, and other modules' rules
%% may have changed.
is_admitted(Host, Key) ->
    Trial = #presence{type = subscribe, from = contact_jid(Key), to = user_jid(Host, Key),
		      meta = #{?MODULE => trial, captcha => passed}}, % mod_block_strangers: do not ask him again
    put(?MODULE, rejected),
    ejabberd_router:route(Trial),
    erase(?MODULE) == admitted.

trial_arrives(_Acc, #presence{meta = #{?MODULE := trial}}) ->
    put(?MODULE, admitted),
    {stop, false};
trial_arrives(Acc, _Presence) ->
    Acc.

%% To her available resources, as ejabberd_sm does it.
deliver(Host, #hold{key = {User, _} = Key, presence = #presence{to = To, meta = Meta} = Presence}) ->
    IsPending = try is_pending(Host, Key)
		catch _:_ -> true % storage fails: rather a prompt too many
		end,
    case IsPending andalso privacy_allows(Presence, in) of
	true ->
	    [begin
		 Resource = jid:replace_resource(To, Name),
		 ejabberd_sm:route(Resource, {route, Presence#presence{to = Resource, meta = Meta#{?MODULE => delivered}}})
	     end || {_Priority, Name} <- ejabberd_sm:get_user_present_resources(User, Host)],
	    ok;
	false ->
	    ok
    end.

%% Does what ejabberd_c2s does with the stanza of a client of hers, after a check that the request is pending.
%%
%% `subscribed` leaves before the roster is changed, because the change makes each of her sessions send presence
%% by itself, which would be there first (RFC 6121 section 3.1.5 has this order, too). Should storage fail in
%% between, the request is pending as before and the next answer puts both sides right. `unsubscribed` leaves
%% after it: who is denied and asks again at once must not be taken for one who still waits.
-spec act_as_user(binary(), key(), verdict(), boolean(), pending | unknown) -> applied | not_pending | blocked | failed.
act_as_user(Host, Key, Verdict, AskBack, Known) ->
    User = user_jid(Host, Key),
    Contact = contact_jid(Key),
    Answer = #presence{type = Verdict, from = User, to = Contact, meta = #{?MODULE => verdict}},
    Request = #presence{type = subscribe, from = Contact, to = User},
    Pending = Known == pending orelse is_pending(Host, Key),
    Allowed = acl:match_rule(Host, gen_mod:get_module_opt(Host, mod_roster, access), User) == allow,
    Open = privacy_allows(Request, in) andalso privacy_allows(Answer, out),
    if not Pending -> not_pending;
       not Allowed -> failed;
       not Open -> blocked;
       Verdict == subscribed ->
	    ejabberd_router:route(Answer),
	    case change_roster(Host, Key, Answer) of
		stored ->
		    AskBack andalso ask_back(Host, Key),
		    applied;
		failed ->
		    failed
	    end;
       Verdict == unsubscribed ->
	    case change_roster(Host, Key, Answer) of
		stored ->
		    ejabberd_router:route(Answer),
		    applied;
		failed ->
		    failed
	    end
    end.

%% mod_roster does not say whether it could store the answer: its request is then no longer pending. Mnesia counts
%% what it commits and what it cannot. If nobody's transaction has failed meanwhile, ours has not, and there is no
%% need to look at the roster again.
-spec change_roster(binary(), key(), presence()) -> stored | failed.
change_roster(Host, Key, Answer) ->
    Counts = transaction_counts(Host),
    erase(?MODULE),
    ejabberd_hooks:run(roster_out_subscription, Host, [Answer]),
    IsStored = case {erase(?MODULE), Counts, transaction_counts(Host)} of
		   {carried_out, {Failed, Before}, {Failed, After}} when After > Before -> true;
		   _ -> not is_pending(Host, Key)
	       end,
    case IsStored of
	true -> stored;
	false -> failed
    end.

%% {failed, committed}, of all tables.
transaction_counts(Host) ->
    case gen_mod:db_mod(Host, mod_roster) == mod_roster_mnesia andalso is_alone() of
	true -> {mnesia:system_info(transaction_failures), mnesia:system_info(transaction_commits)};
	false -> unknown
    end.

ask_back(Host, Key) ->
    case subscription(Host, Key) of
	{Subscription, _} when Subscription == to; Subscription == both -> ok;
	{_, Ask} when Ask == out; Ask == both; Ask == subscribe -> ok;
	_ ->
	    Request = #presence{type = subscribe, from = user_jid(Host, Key), to = contact_jid(Key)},
	    ejabberd_hooks:run(roster_out_subscription, Host, [Request]),
	    ejabberd_router:route(Request)
    end.

%%%===================================================================
%%% <request/>
%%%===================================================================

-spec request_element(binary(), binary(), key(), [{binary(), binary()}], fxml:xmlel() | none) -> fxml:xmlel().
request_element(Id, Host, Key, Texts, Item) ->
    Presence = #xmlel{name = <<"presence">>,
		      attrs = [{<<"xmlns">>, ?NS_CLIENT}, {<<"type">>, <<"subscribe">>},
			       {<<"from">>, jid:encode(contact_jid(Key))}, {<<"to">>, jid:encode(user_jid(Host, Key))}],
		      children = [text_element(Name, Text) || {Name, Text} <- Texts, Text /= <<>>]},
    Forwarded = #xmlel{name = <<"forwarded">>, attrs = [{<<"xmlns">>, ?NS_FORWARD}], children = [Presence]},
    #xmlel{name = <<"request">>, attrs = [{<<"id">>, Id}], children = [Forwarded | [Item || Item /= none]]}.

text_element(Name, Text) ->
    #xmlel{name = Name,
	   attrs = [{<<"xmlns">>, ?NS_NICK} || Name == <<"nick">>],
	   children = [{xmlcdata, shorten(Text)}]}.

%% Cuts at a UTF-8 boundary.
shorten(Text) when byte_size(Text) =< ?TEXT_LIMIT -> Text;
shorten(Text) -> shorten(Text, ?TEXT_LIMIT).

shorten(Text, Size) ->
    case binary:at(Text, Size) of
	Byte when Byte band 2#11000000 == 2#10000000 -> shorten(Text, Size - 1);
	_ -> binary:part(Text, 0, Size)
    end.

first_text([#text{data = Text} | _]) -> Text;
first_text([]) -> <<>>.

nick(Stanza) ->
    case xmpp:get_subtag(Stanza, #nick{}) of
	#nick{name = Name} -> Name;
	false -> <<>>
    end.

add_item(Item, #xmlel{children = [Forwarded]} = Request) -> Request#xmlel{children = [Forwarded, Item]}.

stored_item(Host, Key) ->
    case roster_item(Host, Key) of
	none -> none;
	Item -> item(Key, Item)
    end.

%% Her roster item, or none: ejabberd keeps a pending request in an item of its own, which users do not see.
item(Key, Item) -> item(Key, subscription(Item), Item).

item(_Key, {none, in}, _Item) -> none;
item(Key, {Subscription, Ask}, Item) ->
    #xmlel{name = <<"item">>,
	   attrs = [{<<"xmlns">>, ?NS_ROSTER}, {<<"jid">>, jid:encode(contact_jid(Key))},
		    {<<"subscription">>, atom_to_binary(Subscription, utf8)}]
	   ++ [{<<"ask">>, <<"subscribe">>} || Ask == both]
	   ++ [{<<"approved">>, <<"true">>} || approved(Item)]}.

%% For the waiting list; `none` if the request is not pending any more.
stored_request(Id, Host, Key) ->
    Item = roster_item(Host, Key),
    case is_pending(subscription(Item)) of
	true ->
	    Texts = [{<<"status">>, status(Item)}, {<<"nick">>, nick(#presence{sub_els = other_elements(Item)})}],
	    request_element(Id, Host, Key, Texts, item(Key, Item));
	false ->
	    none
    end.

%%%===================================================================
%%% Hooks on requests, in the processes where they pass
%%%===================================================================

%% After mod_roster: `true` is a new request, stored and about to be delivered. Blocked contacts, unknown users,
%% contacts already subscribed or approved beforehand, and duplicates come with `false` or not at all.
subscription_arrives(true, #presence{type = subscribe, from = From, to = To} = Presence) ->
    Host = To#jid.lserver,
    Key = {To#jid.luser, bare(From)},
    Passes = case ets:info(holds(Host), size) of
		 _ when element(2, Key) == {To#jid.luser, Host, <<>>} -> self;
		 undefined -> unasked; % the module is being stopped
		 Held ->
		     case {may_ask(Host), gen_mod:get_module_opt(Host, ?MODULE, max_held)} of
			 {false, _} -> unasked;
			 {true, Max} when Held >= Max -> too_many;
			 {true, _} -> false
		     end
	     end,
    case Passes of
	self ->
	    true;
	false ->
	    hold(Host, Key, Presence),
	    {stop, false};
	Why ->
	    gen_server:cast(proc(Host), {passed, Key, Why}),
	    true
    end;
subscription_arrives(Acc, #presence{type = unsubscribe, from = From, to = To}) ->
    withdraw(To#jid.lserver, {To#jid.luser, bare(From)}),
    Acc;
subscription_arrives(Acc, _Presence) ->
    Acc.

hold(Host, Key, Presence) ->
    IsWatched = is_watched(Host),
    Item = case IsWatched of
	       true -> none; % it is added in the host's process, which knows it
	       false -> stored_item(Host, Key)
	   end,
    Id = erlang:unique_integer([positive, monotonic]),
    Texts = [{<<"status">>, first_text(Presence#presence.status)}, {<<"nick">>, nick(Presence)}],
    Element = request_element(request_id(Id), Host, Key, Texts, Item),
    ets:insert(holds(Host), #hold{key = Key, id = Id, node = node(), received = now_ms(),
				  presence = Presence, element = Element}),
    gen_server:cast(proc(Host), {held, Key, Id, IsWatched}).

request_id(Id) -> integer_to_binary(Id, 16).

%% After mod_roster.
user_answers(#presence{meta = #{?MODULE := verdict}}) ->
    put(?MODULE, carried_out),
    ok; % act_as_user's callers see to the rest
user_answers(#presence{type = Type, from = From, to = To}) when Type == subscribed; Type == unsubscribed ->
    withdraw(From#jid.lserver, {From#jid.luser, bare(To)});
user_answers(_Presence) ->
    ok.

%% Ends a hold that is older than the check that its request is not pending any more.
withdraw(Host, Key) ->
    Before = erlang:unique_integer([positive, monotonic]),
    is_pending(Host, Key) orelse gen_server:cast(proc(Host), {withdrawn, Key, Before}),
    ok.

user_removed(User, Server) ->
    Host = jid:nameprep(Server),
    gen_server:cast(proc(Host), {user_removed, jid:nodeprep(User)}).

%% A user who comes online is sent what is pending (RFC 6121 section 3.1.3); what is held must wait. What has been
%% left to her passes: another node may not know yet that it is not held any more.
keep_held({#presence{meta = #{?MODULE := delivered}}, _State} = Acc) ->
    Acc;
keep_held({#presence{type = subscribe, from = #jid{} = From}, #{jid := #jid{luser = User, lserver = Host}} = State} = Acc) ->
    try ets:lookup(holds(Host), {User, bare(From)}) of
	[#hold{received = Received}] ->
	    %% Older ones are those of a process that has fallen and was not started again.
	    case now_ms() - Received < 2 * gen_mod:get_module_opt(Host, ?MODULE, timeout) of
		true -> {stop, {drop, State}};
		false -> Acc
	    end;
	[] ->
	    Acc
    catch error:badarg ->
	    Acc
    end;
keep_held(Acc) ->
    Acc.

%%%===================================================================
%%% Connections of entities
%%%===================================================================

may_ask(Host) ->
    try ets:tab2list(connections(Host)) of
	Connections -> lists:any(fun(#connection{asked = Asked}) -> Asked end, Connections)
    catch error:badarg ->
	    false
    end.

%% In the component's process. Called, not cast: what the component sends next relies on it.
component_connected(Domain) ->
    Address = {<<>>, jid:nameprep(Domain), <<>>},
    [connected(Host, #connection{pid = self(), address = Address, entity = Address, asked = true})
     || Host <- hosts_granting(Address)],
    ok.

%% What an entity's component does not send as somebody else is no business of mod_privilege, which from 24.10 on
%% drops IQs of components that it has granted nothing.
component_sends({#iq{from = #jid{luser = <<>>} = From, sub_els = Elements}, _State} = Acc) ->
    case is_wrapped(Elements) orelse not is_connection(self(), bare(From)) of
	true -> Acc;
	false -> {stop, Acc}
    end;
component_sends(Acc) ->
    Acc.

is_wrapped(Elements) ->
    lists:any(fun(#xmlel{name = Name}) -> Name == <<"privileged_iq">>;
		 (_) -> true
	      end, Elements).

%% In the session's process.
presence_set(User, Server, Resource, _Presence) ->
    [connected(Host, #connection{pid = self(), address = {User, Server, Resource}, entity = {User, Server, <<>>},
				 asked = false})
     || Host <- hosts_granting({User, Server, <<>>}), not is_known(Host, self())],
    ok.

presence_unset(User, Server, _Resource, _Status) ->
    [gen_server:cast(proc(Host), {unavailable, self()}) || Host <- hosts_granting({User, Server, <<>>})],
    ok.

%% The process itself lingers.
session_closed({_, Pid}, Address, _Info) ->
    [gen_server:cast(proc(Host), {ended, Pid}) || Host <- hosts_granting(bare(Address))],
    ok.

%% The stream is broken and the session waits to be resumed (XEP-0198): for us it has ended.
session_pending(#{jid := Address} = State) ->
    [gen_server:cast(proc(Host), {ended, self()}) || Host <- hosts_granting(bare(Address))],
    State.

connected(Host, Connection) ->
    try gen_server:call(proc(Host), {connected, Connection})
    catch exit:_ -> ok % being started or stopped: it will find the connection, or does not need it
    end.

is_known(Host, Pid) ->
    try ets:member(connections(Host), Pid)
    catch error:badarg -> false
    end.

is_connection(Pid, Entity) ->
    lists:any(fun(Host) -> is_connection(Host, Pid, Entity) end, loaded_hosts()).

is_connection(Host, Pid, Entity) ->
    try ets:lookup(connections(Host), Pid) of
	Connections -> lists:keymember(Entity, #connection.entity, Connections)
    catch error:badarg -> false
    end.

%% By the connection, not by the sender's address alone: components of one listener may use each other's, and
%% privileged ones their users'.
is_granted(Host, #jid{luser = <<>>} = From) ->
    Entity = bare(From),
    lists:member(Entity, entities(Host)) andalso is_connection(Host, self(), Entity);
is_granted(Host, From) ->
    {User, Server, Resource} = jid:tolower(From),
    lists:member({User, Server, <<>>}, entities(Host)) andalso
	ejabberd_sm:get_session_pid(User, Server, Resource) == self().

%% XEP-0356 section 4.2; also a hint to read the waiting list again.
advertise(Host, #connection{pid = Pid, address = Address}) ->
    Namespace = #xmlel{name = <<"namespace">>, attrs = [{<<"ns">>, ?NS}, {<<"type">>, <<"both">>}]},
    Permission = #xmlel{name = <<"perm">>, attrs = [{<<"access">>, <<"iq">>}], children = [Namespace]},
    Privilege = #xmlel{name = <<"privilege">>, attrs = [{<<"xmlns">>, ?NS_PRIVILEGE_2}], children = [Permission]},
    send(Pid, #message{id = random_id(), from = jid:make(Host), to = jid:make(Address), sub_els = [Privilege]}).

%% To this one of several connections of an address; the router would choose any.
send(Pid, Stanza) ->
    ejabberd_cluster:send(Pid, {route, Stanza}).

%%%===================================================================
%%% What others send to an entity
%%%===================================================================

%% In the process of whoever sends it. A library that reads XML may need a time that grows with the square of
%% what a stranger has sent.
packet_for_entity(Packet) when is_tuple(Packet) ->
    #jid{luser = User, lserver = Server} = xmpp:get_to(Packet),
    case persistent_term:get(?MODULE, #{}) of
	#{{User, Server, <<>>} := Host} -> if_moderate(Host, Packet);
	#{{<<>>, Server, <<>>} := Host} -> if_moderate(Host, Packet);
	_ -> Packet
    end;
packet_for_entity(drop) ->
    drop.

if_moderate(Host, Packet) ->
    case is_from_host(xmpp:get_from(Packet)) orelse is_moderate(xmpp:encode(Packet)) of
	true ->
	    Packet;
	false ->
	    gen_server:cast(proc(Host), too_large),
	    case Packet of
		#iq{type = Type} when Type == get; Type == set ->
		    ejabberd_router:route(refuse(Packet#iq{sub_els = []}, xmpp:err_policy_violation(?TOO_LARGE, <<"en">>)));
		_ ->
		    ok
	    end,
	    {stop, drop}
    end.

is_from_host(#jid{luser = <<>>, lserver = Server, lresource = <<>>}) ->
    lists:member(Server, ejabberd_option:hosts());
is_from_host(_) ->
    false.

is_moderate(Element) ->
    room_after([Element], ?MOST_ELEMENTS) >= 0 andalso byte_size(fxml:element_to_binary(Element)) =< ?MOST_BYTES.

%% How many more elements there could be; less than 0: there are too many.
room_after([#xmlel{children = Children} | Rest], Room) when Room >= 0 ->
    room_after(Rest, room_after(Children, Room - 1));
room_after([_Text | Rest], Room) when Room >= 0 ->
    room_after(Rest, Room);
room_after(_, Room) ->
    Room.

%%%===================================================================
%%% Replies
%%%===================================================================

%% All that passes through this server comes by here, in the process of the connection that it comes from.
%% First: replies to asks; the id says which node has asked. Second: replies of the server's own, to queries of a
%% component that is connected several times; the router would give them to any of its connections.
reply_passes(#iq{type = Type, id = <<?ID_PREFIX, Rest/binary>>, from = From,
		 to = #jid{luser = <<>>, lserver = Host, lresource = <<>>}} = IQ)
  when Type == result; Type == error ->
    case gen_mod:is_loaded(Host, ?MODULE) of
	true ->
	    [NodeId | _] = binary:split(Rest, <<"-">>),
	    Node = ejabberd_cluster:get_node_by_id(NodeId),
	    gen_server:cast({proc(Host), Node}, {reply, IQ#iq.id, self(), jid:tolower(From), answers(IQ)}),
	    {stop, drop};
	false ->
	    IQ
    end;
reply_passes(#iq{type = Type, from = #jid{luser = <<>>}, to = #jid{luser = <<>>} = To} = IQ)
  when Type == result; Type == error ->
    case is_connection(self(), bare(To)) of
	true ->
	    send(self(), IQ),
	    {stop, drop};
	false ->
	    IQ
    end;
reply_passes(Packet) ->
    Packet.

%% Of several answers with one id the first.
-spec answers(iq()) -> #{binary() => {verdict(), boolean()}}.
answers(#iq{type = result, sub_els = [Element]}) ->
    case xmpp:encode(Element) of
	#xmlel{name = <<"answers">>, children = Children} = Answers ->
	    case fxml:get_tag_attr_s(<<"xmlns">>, Answers) of
		?NS ->
		    maps:from_list([{fxml:get_tag_attr_s(<<"id">>, Answer), {verdict(Answer), asks_back(Answer)}}
				    || #xmlel{name = <<"answer">>} = Answer <- lists:reverse(Children)]);
		_ ->
		    #{}
	    end;
	_ ->
	    #{}
    end;
answers(_IQ) ->
    #{}.

verdict(Answer) ->
    case fxml:get_tag_attr_s(<<"type">>, Answer) of
	<<"subscribed">> -> subscribed;
	<<"unsubscribed">> -> unsubscribed;
	<<"none">> -> none;
	_ -> unknown
    end.

asks_back(Answer) ->
    lists:member(fxml:get_tag_attr_s(<<"ask-back">>, Answer), [<<"true">>, <<"1">>]).

%%%===================================================================
%%% The entity's IQs
%%%===================================================================

decode_iq_subel(Element) -> Element.

%% In the process of the connection; what takes longer goes on in a process of its own.
process_iq(#iq{type = Type, from = From, to = #jid{lserver = Host}, sub_els = [#xmlel{name = Name} = Element]} = IQ) ->
    Do = case {Type, Name} of
	     {set, <<"answer">>} -> fun later_answer/3;
	     {get, <<"pending">>} -> fun waiting_list/3;
	     _ -> none
	 end,
    case Do == none orelse is_granted(Host, From) of
	true when Do == none -> refuse(IQ, xmpp:err_service_unavailable());
	true -> Do(Host, Element, IQ);
	false -> refuse(IQ, xmpp:err_forbidden())
    end.

refuse(IQ, Error) -> xmpp:make_error(IQ, Error).

in_own_process(IQ, Reply) ->
    Connection = self(),
    spawn(fun() ->
		  send(Connection,
		       try Reply()
		       catch Class:Reason:Stack ->
			       ?ERROR_MSG("Failed to answer ~ts: ~p", [jid:encode(IQ#iq.from), {Class, Reason, Stack}]),
			       refuse(IQ, xmpp:err_internal_server_error())
		       end)
	  end),
    ignore.

%% Addresses in these IQs: {ok, prepared}, or what to reply.
address(Text) ->
    try {ok, jid:tolower(jid:decode(Text))}
    catch error:{bad_jid, _} -> {error, xmpp:err_jid_malformed()}
    end.

later_answer(Host, Answer, IQ) ->
    Verdict = verdict(Answer),
    case {fxml:get_tag_attr(<<"user">>, Answer), fxml:get_tag_attr(<<"contact">>, Answer)} of
	{{value, UserText}, {value, ContactText}} when Verdict /= unknown ->
	    case {address(UserText), address(ContactText)} of
		{{ok, {User, Host, <<>>}}, {ok, {_, _, <<>>} = Contact}} when User /= <<>> ->
		    in_own_process(IQ, fun() ->
					       later_answer(Host, {User, Contact}, Verdict, asks_back(Answer), IQ)
				       end);
		{{ok, _}, {ok, _}} -> refuse(IQ, xmpp:err_item_not_found());
		_ -> refuse(IQ, xmpp:err_jid_malformed())
	    end;
	_ ->
	    refuse(IQ, xmpp:err_bad_request())
    end.

later_answer(Host, Key, Verdict, AskBack, IQ) ->
    case answer_waiting(Host, Key, Verdict, AskBack) of
	applied -> xmpp:make_iq_result(IQ);
	failed -> refuse(IQ, xmpp:err_internal_server_error());
	_ -> refuse(IQ, xmpp:err_item_not_found())
    end.

%% An answer to what is pending, held or not. The checks come first, so that an answer that is not applied does
%% not end the hold.
-spec answer_waiting(binary(), key(), verdict(), boolean()) -> applied | not_pending | blocked | failed.
answer_waiting(Host, Key, Verdict, AskBack) ->
    case is_pending(Host, Key) andalso is_admitted(Host, Key) of
	false ->
	    not_pending;
	true ->
	    Outcome = case Verdict of none -> left; _ -> answering end,
	    case claim(Host, Key, Outcome) of
		_ when Verdict == none -> applied;
		{held, Hold} -> answer_held(Host, Hold, Verdict, AskBack, unknown);
		not_held ->
		    Result = act_as_user(Host, Key, Verdict, AskBack, unknown),
		    withdraw(Host, Key),
		    Result
	    end
    end.

claim(Host, Key, Outcome) ->
    case ets:lookup(holds(Host), Key) of
	[#hold{node = Node}] -> gen_server:call({proc(Host), Node}, {claim, Key, Outcome});
	[] -> not_held
    end.

%% The verdict on a request that is held, in state `answering`.
answer_held(Host, #hold{key = Key, id = Id, node = Node}, Verdict, AskBack, Known) ->
    Result = try act_as_user(Host, Key, Verdict, AskBack, Known)
	     catch Class:Reason:Stack ->
		     ?ERROR_MSG("Failed to apply an answer: ~p", [{Class, Reason, Stack}]),
		     failed
	     end,
    gen_server:cast({proc(Host), Node}, {answered, Key, Id, Result}),
    Result.

%%% The waiting list, in pages (XEP-0059)

waiting_list(Host, Query, #iq{from = From} = IQ) ->
    case waiting_user(Host, fxml:get_tag_attr(<<"user">>, Query)) of
	{ok, User} ->
	    Set = fxml:get_subtag_with_xmlns(Query, <<"set">>, ?NS_RSM),
	    case {subtag(Set, <<"before">>), subtag(Set, <<"index">>), limit(Set)} of
		{false, false, bad} ->
		    refuse(IQ, xmpp:err_bad_request());
		{false, false, Max} ->
		    Connection = self(),
		    After = subtag(Set, <<"after">>),
		    After == false andalso reads_list(Host, Connection, jid:tolower(From)),
		    in_own_process(IQ, fun() ->
					       {ok, Tag, Last} = gen_server:call(proc(Host), list, infinity),
					       Start = item_number(Tag, Last, After),
					       Start == unknown orelse reads_list(Host, Connection, jid:tolower(From)),
					       page(Host, Tag, User, Start, Max, IQ)
				       end);
		_ ->
		    refuse(IQ, xmpp:err_feature_not_implemented())
	    end;
	{error, Error} ->
	    refuse(IQ, Error)
    end.

waiting_user(_Host, false) -> {ok, all};
waiting_user(Host, {value, Text}) ->
    case address(Text) of
	{ok, {User, Host, <<>>}} when User /= <<>> ->
	    case ejabberd_auth:user_exists(User, Host) of
		true -> {ok, User};
		false -> {error, xmpp:err_item_not_found()}
	    end;
	{ok, _} -> {error, xmpp:err_item_not_found()};
	Error -> Error
    end.

subtag(false, _Name) -> false;
subtag(Element, Name) -> fxml:get_subtag(Element, Name).

limit(Set) ->
    case subtag(Set, <<"max">>) of
	false -> ?PAGE_SIZE;
	Max ->
	    try binary_to_integer(string:trim(fxml:get_tag_cdata(Max))) of
		Number when Number >= 0 -> min(Number, ?PAGE_SIZE);
		_ -> bad
	    catch error:badarg -> bad
	    end
    end.

%% An account's resource is asked from now on, if it is available.
reads_list(_Host, _Pid, {<<>>, _, _}) -> ok;
reads_list(Host, Pid, {User, Server, Resource} = Address) ->
    case lists:keymember(Resource, 2, ejabberd_sm:get_user_present_resources(User, Server)) of
	true -> connected(Host, #connection{pid = Pid, address = Address, entity = {User, Server, <<>>}, asked = true});
	false -> ok
    end.

%% Item ids are the list's tag and a number; entries keep their numbers as long as the list is known.
page(_Host, _Tag, _User, unknown, _Max, IQ) ->
    refuse(IQ, xmpp:err_item_not_found());
page(Host, Tag, User, Start, Max, IQ) ->
    Requests = page_requests(Host, Tag, User, entries(Host, User, Start), Max),
    Ends = case Requests of
	       [] -> [];
	       [First | _] -> [cdata(<<"first">>, item_id(First)), cdata(<<"last">>, item_id(lists:last(Requests)))]
	   end,
    Count = cdata(<<"count">>, integer_to_binary(waiting_count(Host, User))),
    Set = #xmlel{name = <<"set">>, attrs = [{<<"xmlns">>, ?NS_RSM}], children = Ends ++ [Count]},
    xmpp:make_iq_result(IQ, #xmlel{name = <<"pending">>, attrs = [{<<"xmlns">>, ?NS}], children = Requests ++ [Set]}).

item_number(_Tag, _Last, false) -> 0;
item_number(Tag, Last, After) ->
    Size = byte_size(Tag),
    try
	<<Tag:Size/binary, $-, Text/binary>> = fxml:get_tag_cdata(After),
	case binary_to_integer(Text) of
	    Number when Number >= 1, Number =< Last -> Number;
	    _ -> unknown
	end
    catch error:_ ->
	    unknown
    end.

item_id(Request) -> fxml:get_tag_attr_s(<<"id">>, Request).

cdata(Name, Text) -> #xmlel{name = Name, children = [{xmlcdata, Text}]}.

%% What waits after a number: a function that gives {number, key, the same for what follows} or none.
entries(Host, all, Number) ->
    fun() ->
	    case ets:next(waiting(Host), {by_number, Number}) of
		{by_number, Next} = Place ->
		    case ets:lookup(waiting(Host), Place) of
			[{_, Key}] -> {Next, Key, entries(Host, all, Next)};
			[] -> (entries(Host, all, Next))()
		    end;
		_ ->
		    none
	    end
    end;
entries(Host, User, Number) ->
    Numbered = lists:sort([{N, {User, Contact}} || [Contact, N] <- ets:match(waiting(Host), {{by_key, {User, '$1'}}, '$2'}),
						   N > Number]),
    in_turn(Numbered).

in_turn([]) -> fun() -> none end;
in_turn([{Number, Key} | Rest]) -> fun() -> {Number, Key, in_turn(Rest)} end.

page_requests(_Host, _Tag, _User, _Entries, 0) -> [];
page_requests(Host, Tag, User, Entries, Max) ->
    case Entries() of
	none ->
	    [];
	{Number, Key, Rest} ->
	    Id = <<Tag/binary, $-, (integer_to_binary(Number))/binary>>,
	    case ets:member(holds(Host), Key) orelse stored_request(Id, Host, Key) of
		true ->
		    page_requests(Host, Tag, User, Rest, Max);
		none ->
		    gen_server:cast(proc(Host), {gone, Key, Number}),
		    page_requests(Host, Tag, User, Rest, Max);
		Request ->
		    [Request | page_requests(Host, Tag, User, Rest, Max - 1)]
	    end
    end.

waiting_count(Host, all) -> ets:info(waiting(Host), size) div 2;
waiting_count(Host, User) -> length(ets:match(waiting(Host), {{by_key, {User, '$1'}}, '_'})).

%%% Reading all rosters for it, in a process of its own

walk(Host, Found) ->
    case gen_mod:db_mod(Host, mod_roster) of
	mod_roster_mnesia -> walk_mnesia(Host, Found);
	mod_roster_sql -> walk_sql(Host, Found);
	_ -> walk_users(Host, Found)
    end.

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
    {selected, _, Rows} = ejabberd_sql:sql_query(Host, iolist_to_binary(Query)),
    Found([{User, Contact} || [User, Text] <- Rows, {ok, Contact} <- [address(Text)]]).

walk_users(Host, Found) ->
    [Found([{User, Contact} || Item <- mod_roster:get_roster(User, Host),
			       {_, _, Contact} <- [element(2, Item)],
			       is_pending(Host, {User, Contact})])
     || {User, _} <- ejabberd_auth:get_users(Host)],
    ok.

%%%===================================================================
%%% gen_server
%%%===================================================================

init([Host, Opts]) ->
    process_flag(trap_exit, true),
    net_kernel:monitor_nodes(true),
    %% What is held outlives this process: see below.
    catch ets:new(holds(Host), [named_table, public, {keypos, #hold.key}, {read_concurrency, true},
				{heir, erlang:group_leader(), none}]),
    ets:new(connections(Host), [named_table, protected, {keypos, #connection.pid}, {read_concurrency, true}]),
    ets:new(waiting(Host), [named_table, protected, ordered_set]),
    State = #state{host = Host, entities = entities(Opts), list_tag = random_id()},
    State1 = lists:foldl(fun add_connection/2, State, lists:flatmap(fun local_connections/1, State#state.entities)),
    watch_roster(Host),
    tell_peers(Host, {hello, node()}),
    %% The process before this one has fallen: nobody else releases what it held.
    {ok, leave(ets:match_object(holds(Host), #hold{node = node(), _ = '_'}), State1)}.

handle_call({connected, Connection}, _From, State) ->
    tell_peers(State#state.host, {peer_connected, Connection}),
    {reply, ok, add_connection(Connection, State)};
handle_call({claim, Key, Outcome}, _From, #state{host = Host} = State) ->
    case ets:lookup(holds(Host), Key) of
	[#hold{state = HoldState} = Hold] when HoldState /= answering ->
	    case Outcome of
		answering -> {reply, {held, Hold}, answering(Hold, State)};
		left -> {reply, {held, Hold}, leave([Hold], State)}
	    end;
	_ ->
	    {reply, not_held, State}
    end;
handle_call(list, From, State) ->
    case State#state.list of
	ready ->
	    {reply, {ok, State#state.list_tag, State#state.list_last}, State};
	{building, Pid, Waiting} ->
	    {noreply, State#state{list = {building, Pid, [From | Waiting]}}};
	none ->
	    {noreply, State#state{list = {building, build_list(State#state.host), [From]}}}
    end.

handle_cast({held, Key, Id, IsWatched}, #state{host = Host} = State) ->
    case ets:lookup(holds(Host), Key) of
	[#hold{id = Id, element = Element} = Hold] ->
	    Item = case IsWatched of true -> written_item(Key, State); false -> none end,
	    Item == none orelse ets:update_element(holds(Host), Key, {#hold.element, add_item(Item, Element)}),
	    erlang:send_after(max(0, Hold#hold.received + gen_mod:get_module_opt(Host, ?MODULE, timeout) - now_ms()),
			      self(), {expired, Key, Id}),
	    tell_peers(Host, {peer_held, Hold#hold{element = undefined}}),
	    State1 = remove_waiting(Key, State),
	    {noreply, ask_next(hint_if_due(State1#state{queue = [{Key, Id} | State1#state.queue]}))};
	_ ->
	    {noreply, State}
    end;
handle_cast(too_large, State) ->
    {noreply, report(too_large, State)};
handle_cast({passed, Key, Why}, State) ->
    tell_peers(State#state.host, {peer_waits, Key}),
    State1 = add_waiting(Key, forget_pending(Key, State)),
    {noreply, case Why of
		  too_many -> missed(report(too_many, State1));
		  unasked -> State1
	      end};
handle_cast({withdrawn, Key, Before}, #state{host = Host} = State) ->
    tell_peers(Host, {peer_withdrawn, Key}),
    State1 = case ets:lookup(holds(Host), Key) of
		 [#hold{node = Node, id = Id, state = HoldState} = Hold]
		   when Node == node(), Id < Before, HoldState /= answering ->
		     end_hold(Hold, State);
		 _ ->
		     State
	     end,
    {noreply, remove_waiting(Key, State1)};
handle_cast({user_removed, User}, #state{host = Host} = State) ->
    tell_peers(Host, {peer_user_removed, User}),
    {noreply, remove_user(User, State)};
handle_cast({reply, Id, Pid, Address, Answers}, State) ->
    case State#state.asks of
	#{Id := #ask{pid = Pid, address = Address} = Ask} ->
	    {noreply, ask_next(read_answers(Ask, Answers, forget(Id, State)))};
	_ ->
	    {noreply, report(strange_reply, State)}
    end;
handle_cast({answered, Key, Id, Result}, #state{host = Host} = State) ->
    case ets:lookup(holds(Host), Key) of
	[#hold{id = Id} = Hold] when Result == failed -> {noreply, leave([Hold], State)};
	[#hold{id = Id} = Hold] when Result == blocked -> {noreply, add_waiting(Key, end_hold(Hold, State))};
	[#hold{id = Id} = Hold] -> {noreply, end_hold(Hold, State)};
	_ -> {noreply, State}
    end;
handle_cast({unavailable, Pid}, State) ->
    tell_peers(State#state.host, {peer_unavailable, Pid}),
    {noreply, connection_unavailable(Pid, State)};
handle_cast({ended, Pid}, State) ->
    tell_peers(State#state.host, {peer_ended, Pid}),
    {noreply, connection_ended(Pid, State)};
handle_cast({found, Keys}, State) ->
    {noreply, lists:foldl(fun add_waiting/2, State, Keys)};
handle_cast({gone, Key, Number}, #state{host = Host} = State) ->
    case ets:lookup(waiting(Host), {by_number, Number}) of
	[{_, Key}] -> {noreply, remove_waiting(Key, State)};
	_ -> {noreply, State}
    end;

%% From the same module on other nodes.
handle_cast({hello, Node}, #state{host = Host} = State) ->
    Peer = {proc(Host), Node},
    [gen_server:cast(Peer, {peer_connected, Connection})
     || #connection{pid = Pid, asked = true} = Connection <- ets:tab2list(connections(Host)), node(Pid) == node()],
    [gen_server:cast(Peer, {peer_held, Hold#hold{element = undefined}})
     || Hold <- ets:match_object(holds(Host), #hold{node = node(), _ = '_'})],
    {noreply, State};
handle_cast({peer_connected, Connection}, State) ->
    {noreply, insert_connection(Connection, State)};
handle_cast({peer_unavailable, Pid}, State) ->
    {noreply, connection_unavailable(Pid, State)};
handle_cast({peer_ended, Pid}, State) ->
    {noreply, connection_ended(Pid, State)};
handle_cast({peer_held, #hold{key = Key} = Hold}, #state{host = Host} = State) ->
    ets:insert(holds(Host), Hold#hold{received = now_ms()}),
    {noreply, remove_waiting(Key, State)};
handle_cast({peer_hold_ended, Key, Id}, #state{host = Host} = State) ->
    case ets:lookup(holds(Host), Key) of
	[#hold{id = Id}] -> ets:delete(holds(Host), Key);
	_ -> ok
    end,
    {noreply, State};
handle_cast({peer_waits, Key}, State) ->
    {noreply, add_waiting(Key, State)};
handle_cast({peer_withdrawn, Key}, #state{host = Host} = State) ->
    State1 = case ets:lookup(holds(Host), Key) of
		 [#hold{node = Node, state = HoldState} = Hold] when Node == node(), HoldState /= answering ->
		     case is_pending(Host, Key) of % the nodes' ids have no common order
			 true -> State;
			 false -> end_hold(Hold, State)
		     end;
		 _ ->
		     State
	     end,
    {noreply, remove_waiting(Key, State1)};
handle_cast({peer_user_removed, User}, State) ->
    {noreply, remove_user(User, State)}.

handle_info({expired, Key, Id}, #state{host = Host} = State) ->
    case ets:lookup(holds(Host), Key) of
	[#hold{id = Id, state = HoldState} = Hold] when HoldState /= answering ->
	    {noreply, missed(leave([Hold], report(no_answer, State)))};
	_ ->
	    {noreply, State}
    end;
handle_info({mnesia_table_event, Event}, State) ->
    {noreply, roster_written(Event, State)};
handle_info(wake, State) ->
    {noreply, ask_next(State#state{wake = undefined})};
handle_info({forget, Id}, State) ->
    {noreply, forget(Id, State)};
handle_info({report, What}, State) ->
    {noreply, report_again(What, State)};
handle_info(hint, State) ->
    {noreply, hint_if_over(State#state{hint_timer = false})};
handle_info({'DOWN', _Monitor, process, Pid, Reason}, #state{list = {building, Pid, Waiting}} = State) ->
    Reply = case Reason of
		normal -> {ok, State#state.list_tag, State#state.list_last};
		_ -> error
	    end,
    [gen_server:reply(From, Reply) || From <- Waiting],
    {noreply, State#state{list = case Reason of normal -> ready; _ -> none end}};
handle_info({'DOWN', _Monitor, process, Pid, _Reason}, State) ->
    {noreply, connection_ended(Pid, State)};
handle_info({nodeup, Node}, State) ->
    gen_server:cast({proc(State#state.host), Node}, {hello, node()}),
    {noreply, State};
handle_info({nodedown, Node}, State) ->
    {noreply, node_lost(Node, State)};
handle_info(_Message, State) ->
    {noreply, State}.

terminate(_Reason, #state{host = Host}) ->
    Holds = ets:match_object(holds(Host), #hold{node = node(), _ = '_'}),
    [ets:delete(holds(Host), Key) || #hold{key = Key} <- Holds],
    Monitors = [element(2, spawn_monitor(fun() -> deliver_all(Host, Some) end)) || Some <- slices(Holds)],
    [receive {'DOWN', Monitor, process, _, _} -> ok end || Monitor <- Monitors],
    [tell_peers(Host, {peer_hold_ended, Key, Id}) || #hold{key = Key, id = Id} <- Holds],
    ok.

code_change(_OldVsn, State, _Extra) ->
    {ok, State}.

%%% Peers

tell_peers(Host, Message) ->
    case lists:delete(node(), ejabberd_cluster:get_nodes()) of
	[] -> ok;
	Nodes -> gen_server:abcast(Nodes, proc(Host), Message), ok
    end.

%% The lowest of the remaining nodes releases what the lost one held.
node_lost(Node, #state{host = Host} = State) ->
    Holds = ets:match_object(holds(Host), #hold{node = Node, _ = '_'}),
    [ets:delete(holds(Host), Key) || #hold{key = Key} <- Holds],
    case {Holds, lists:min(lists:delete(Node, ejabberd_cluster:get_nodes()))} of
	{[], _} -> ok;
	{_, Lowest} when Lowest == node() -> start_deliveries(Host, Holds);
	_ -> ok
    end,
    State1 = lists:foldl(fun(#hold{key = Key}, Acc) -> add_waiting(Key, Acc) end, State, Holds),
    case Holds of
	[] -> State1;
	_ -> missed(State1)
    end.

%%% Connections

%% Those of this node that were there before the module.
local_connections({<<>>, Domain, _} = Entity) ->
    Backend = ejabberd_router:get_backend(),
    Routes = case Backend:find_routes(Domain) of
		 {ok, Found} -> Found;
		 _ -> []
	     end,
    [#connection{pid = Pid, address = Entity, entity = Entity, asked = true}
     || #route{pid = Pid, local_hint = Hint} <- Routes, is_pid(Pid), node(Pid) == node(), not is_tuple(Hint)];
local_connections({User, Server, _} = Entity) ->
    [#connection{pid = Pid, address = {User, Server, Resource}, entity = Entity, asked = false}
     || {_Priority, Resource} <- ejabberd_sm:get_user_present_resources(User, Server),
	Pid <- [ejabberd_sm:get_session_pid(User, Server, Resource)],
	is_pid(Pid), node(Pid) == node()].

add_connection(#connection{pid = Pid} = Connection, #state{host = Host} = State) ->
    case ets:member(connections(Host), Pid) of
	true -> ok;
	false -> advertise(Host, Connection)
    end,
    insert_connection(Connection, State).

insert_connection(#connection{pid = Pid} = Connection, #state{host = Host, monitors = Monitors} = State) ->
    ets:insert(connections(Host), Connection),
    case Monitors of
	#{Pid := _} -> State;
	_ -> State#state{monitors = Monitors#{Pid => erlang:monitor(process, Pid)}}
    end.

%% It is not asked any more, but may still answer what it was asked.
connection_unavailable(Pid, #state{host = Host} = State) ->
    ets:delete(connections(Host), Pid),
    ask_next(State).

connection_ended(Pid, #state{host = Host, monitors = Monitors} = State) ->
    case maps:take(Pid, Monitors) of
	{Monitor, Others} ->
	    erlang:demonitor(Monitor, [flush]),
	    ets:delete(connections(Host), Pid),
	    asks_lost(Pid, State#state{monitors = Others});
	error ->
	    State
    end.

%% What this connection was asked is asked again, or left to the users if there is no other.
asks_lost(Pid, #state{host = Host} = State) ->
    Ids = [Id || {Id, #ask{pid = Asked}} <- maps:to_list(State#state.asks), Asked == Pid],
    Again = [Hold || Id <- Ids,
		     {Key, HoldId, held} <- maps:values((maps:get(Id, State#state.asks))#ask.requests),
		     #hold{id = Found} = Hold <- ets:lookup(holds(Host), Key), Found == HoldId],
    [ets:update_element(holds(Host), Key, {#hold.state, queued}) || #hold{key = Key} <- Again],
    Sorted = lists:reverse(lists:keysort(2, [{Key, Id} || #hold{key = Key, id = Id} <- Again])),
    State1 = lists:foldl(fun forget/2, State, Ids),
    State2 = State1#state{queue = State1#state.queue ++ Sorted},
    case may_ask(Host) of
	true ->
	    ask_next(State2#state{last_sent = undefined});
	false ->
	    Holds = [Hold || #hold{state = HoldState} = Hold <- ets:match_object(holds(Host), #hold{node = node(), _ = '_'}),
			     HoldState /= answering],
	    State3 = leave(Holds, State2#state{queue = []}),
	    case State3#state.log_name of
		undefined ->
		    State3;
		Name ->
		    ?INFO_MSG("Subscription requests are left to users: ~ts is gone (~B were waiting for its answer)",
			      [jid:encode(Name), length(Holds)]),
		    State3#state{log_name = undefined}
	    end
    end.

%%% Asking

%% Puts what is queued to the entity: one ask at a time, and with a gap in between when requests come faster than
%% they are answered one by one.
ask_next(#state{queue = []} = State) ->
    State;
ask_next(State) ->
    Now = now_us(),
    Gap = case State#state.last_sent /= undefined andalso is_loaded(State) of
	      true -> State#state.last_sent + ?ASK_GAP - Now;
	      false -> 0
	  end,
    Patience = case State#state.asks of
		   #{State#state.in_flight := #ask{sent = Sent}} -> Sent + ?ASK_PATIENCE - Now;
		   _ -> 0
	       end,
    case max(Gap, Patience) of
	Delay when Delay > 0 -> wake_in(Delay, Now, State);
	_ -> ask(connection_to_ask(State), State)
    end.

%% Where storage is slow, requests arrive one by one however many are under way. One after the other is no load,
%% though the next may be here before the roster of the last is stored.
is_loaded(#state{host = Host, queue = Queue, last_size = Size}) ->
    Size > 1 orelse tl(Queue) /= [] orelse ets:info(holds(Host), size) > 2.

wake_in(Delay, Now, #state{wake = Wake} = State) ->
    case Wake of
	{_, At} when At =< Now + Delay ->
	    State;
	{Timer, _} ->
	    erlang:cancel_timer(Timer),
	    wake_in(Delay, Now, State#state{wake = undefined});
	undefined ->
	    State#state{wake = {erlang:send_after((Delay + 999) div 1000, self(), wake), Now + Delay}}
    end.

%% The first entity that has connections; a component's in turn, an account's one as long as it is there.
connection_to_ask(#state{host = Host, entities = Entities, last_asked = Last}) ->
    All = lists:sort([Connection || #connection{asked = true} = Connection <- ets:tab2list(connections(Host))]),
    Of = fun(Entity) -> [Connection || #connection{entity = E} = Connection <- All, E == Entity] end,
    case lists:dropwhile(fun(Connections) -> Connections == [] end, [Of(Entity) || Entity <- Entities]) of
	[] ->
	    none;
	[[#connection{entity = {<<>>, _, _}} = First | _] = Connections | _] ->
	    hd([Connection || #connection{pid = Pid} = Connection <- Connections, Pid > Last] ++ [First]);
	[[First | _] = Connections | _] ->
	    hd([Connection || #connection{pid = Pid} = Connection <- Connections, Pid == Last] ++ [First])
    end.

ask(none, #state{host = Host, queue = Queue} = State) ->
    leave(queued(Host, Queue), State#state{queue = []});
ask(#connection{pid = Pid, address = Address}, #state{host = Host, queue = Queue} = State) ->
    Queued = queued(Host, lists:reverse(Queue)),
    {Holds, Rest} = lists:split(min(?ASK_SIZE, length(Queued)), Queued),
    State1 = State#state{queue = lists:reverse([{Key, Id} || #hold{key = Key, id = Id} <- Rest])},
    case Holds of
	[] ->
	    State1;
	_ ->
	    Now = now_us(),
	    AskId = <<?ID_PREFIX, (ejabberd_cluster:node_id())/binary, $-, (random_id())/binary>>,
	    [ets:update_element(holds(Host), Key, {#hold.state, {asked, AskId}}) || #hold{key = Key} <- Holds],
	    Requests = #xmlel{name = <<"requests">>, attrs = [{<<"xmlns">>, ?NS}],
			      children = [Element || #hold{element = Element} <- Holds]},
	    send(Pid, #iq{type = set, id = AskId, from = jid:make(Host), to = jid:make(Address), sub_els = [Requests]}),
	    erlang:send_after(max(?ANSWER_LIFETIME, gen_mod:get_module_opt(Host, ?MODULE, timeout)), self(), {forget, AskId}),
	    Ask = #ask{pid = Pid, address = Address, sent = Now,
		       requests = maps:from_list([{request_id(Id), {Key, Id, held}} || #hold{key = Key, id = Id} <- Holds])},
	    ask_next(log_name(Address, State1#state{asks = (State1#state.asks)#{AskId => Ask}, in_flight = AskId,
						    last_sent = Now, last_size = length(Holds), last_asked = Pid}))
    end.

log_name(Name, #state{log_name = Name} = State) ->
    State;
log_name(Name, State) ->
    ?INFO_MSG("Subscription requests are put to ~ts", [jid:encode(Name)]),
    State#state{log_name = Name}.

%% Those in the queue that are still queued.
queued(Host, Queue) ->
    [Hold || {Key, Id} <- Queue, #hold{id = Found, state = queued} = Hold <- ets:lookup(holds(Host), Key), Found == Id].

forget(Id, #state{asks = Asks, in_flight = InFlight} = State) ->
    State#state{asks = maps:remove(Id, Asks), in_flight = case InFlight of Id -> undefined; _ -> InFlight end}.

%%% What Mnesia tells of the roster

roster_written({write, Item, _By}, #state{host = Host, pending = Pending} = State) ->
    case element(2, Item) of
	{User, Host, Contact} ->
	    Key = {User, Contact},
	    case is_pending(subscription(Item)) of
		true when map_size(Pending) < ?MOST_PENDING -> State#state{pending = Pending#{Key => item(Key, Item)}};
		true -> State#state{pending = #{Key => item(Key, Item)}}; % most have not become holds
		false -> forget_pending(Key, State)
	    end;
	_ ->
	    State
    end;
roster_written({delete, {roster, {User, _, Contact}}, _By}, State) ->
    forget_pending({User, Contact}, State);
roster_written({delete_object, Item, By}, State) ->
    roster_written({delete, {roster, element(2, Item)}, By}, State);
roster_written(_Event, State) ->
    State#state{pending = #{}}.

forget_pending(Key, #state{pending = Pending} = State) ->
    State#state{pending = maps:remove(Key, Pending)}.

%% The request's write was told before its hold.
written_item(Key, #state{host = Host, pending = Pending}) ->
    case Pending of
	#{Key := Item} -> Item;
	_ -> stored_item(Host, Key)
    end.

%%% Answers and the ends of holds

read_answers(#ask{requests = Requests}, Answers, #state{host = Host, pending = Pending} = State) ->
    IsWatched = is_watched(Host),
    {Left, State1} =
	maps:fold(
	  fun(RequestId, {Key, Id, Became}, {Left, Acc}) ->
		  {Verdict, AskBack} = maps:get(RequestId, Answers, {none, false}),
		  Decided = Verdict == subscribed orelse Verdict == unsubscribed,
		  case {Became, ets:lookup(holds(Host), Key)} of
		      {held, [#hold{id = Id, state = {asked, _}} = Hold]} when Decided ->
			  Known = case IsWatched andalso is_map_key(Key, Pending) of true -> pending; false -> unknown end,
			  spawn(fun() -> answer_held(Host, Hold, Verdict, AskBack, Known) end),
			  {Left, answering(Hold, Acc)};
		      {held, [#hold{id = Id, state = {asked, _}} = Hold]} ->
			  {[Hold | Left], Acc};
		      {left, _} when Decided ->
			  spawn(fun() -> answer_waiting(Host, Key, Verdict, AskBack) end),
			  {Left, Acc};
		      _ ->
			  {Left, Acc}
		  end
	  end, {[], State}, Requests),
    leave(Left, State1).

answering(#hold{key = Key} = Hold, #state{host = Host} = State) ->
    ets:update_element(holds(Host), Key, {#hold.state, answering}),
    take_from_ask(Hold, State).

%% An ask forgets a request that has been decided without it.
take_from_ask(#hold{state = {asked, AskId}} = Hold, State) ->
    change_ask(AskId, fun(Requests) -> maps:remove(request_id(Hold#hold.id), Requests) end, State);
take_from_ask(_Hold, State) ->
    State.

change_ask(AskId, Change, #state{asks = Asks} = State) ->
    case Asks of
	#{AskId := #ask{requests = Requests} = Ask} ->
	    State#state{asks = Asks#{AskId := Ask#ask{requests = Change(Requests)}}};
	_ ->
	    State
    end.

end_hold(#hold{key = Key, id = Id} = Hold, #state{host = Host} = State) ->
    ets:delete(holds(Host), Key),
    tell_peers(Host, {peer_hold_ended, Key, Id}),
    take_from_ask(Hold, forget_pending(Key, State)).

leave([], State) ->
    State;
leave(Holds, #state{host = Host} = State) ->
    State1 = lists:foldl(
	       fun(#hold{key = Key, id = Id} = Hold, Acc) ->
		       ets:delete(holds(Host), Key),
		       tell_peers(Host, {peer_hold_ended, Key, Id}),
		       tell_peers(Host, {peer_waits, Key}),
		       add_waiting(Key, mark_left(Hold, forget_pending(Key, Acc)))
	       end, State, Holds),
    start_deliveries(Host, Holds),
    State1.

%% The entity's answer still counts when it comes late.
mark_left(#hold{state = {asked, AskId}, key = Key, id = Id}, State) ->
    change_ask(AskId, fun(Requests) -> Requests#{request_id(Id) => {Key, Id, left}} end, State);
mark_left(_Hold, State) ->
    State.

start_deliveries(Host, Holds) ->
    [spawn(fun() -> deliver_all(Host, Some) end) || Some <- slices(Holds)],
    ok.

deliver_all(Host, Holds) ->
    [deliver(Host, Hold) || Hold <- Holds],
    ok.

%% In the order of receipt.
slices(Holds) -> slices_on(lists:keysort(#hold.id, Holds)).

slices_on(Holds) when length(Holds) =< ?ASK_SIZE -> [Holds];
slices_on(Holds) ->
    {Some, Rest} = lists:split(?ASK_SIZE, Holds),
    [Some | slices_on(Rest)].

remove_user(User, #state{host = Host} = State) ->
    Holds = ets:match_object(holds(Host), #hold{key = {User, '_'}, node = node(), _ = '_'}),
    State1 = lists:foldl(fun end_hold/2, State, Holds),
    Contacts = ets:match(waiting(Host), {{by_key, {User, '$1'}}, '_'}),
    lists:foldl(fun([Contact], Acc) -> remove_waiting({User, Contact}, Acc) end, State1, Contacts).

%%% The waiting list's index

%% The rosters are the truth. The index has every request that is pending and not held; whatever else it has is
%% found out when a page is made. Two rows for each: by number, which is the order of the list, and by key.
build_list(Host) ->
    Proc = proc(Host),
    {Pid, _} = spawn_monitor(fun() -> walk(Host, fun(Keys) -> gen_server:cast(Proc, {found, Keys}) end) end),
    Pid.

add_waiting(_Key, #state{list = none} = State) ->
    State;
add_waiting(Key, #state{host = Host, list_last = Last} = State) ->
    case ets:member(holds(Host), Key) orelse not ets:insert_new(waiting(Host), {{by_key, Key}, Last + 1}) of
	true ->
	    State;
	false ->
	    ets:insert(waiting(Host), {{by_number, Last + 1}, Key}),
	    State#state{list_last = Last + 1}
    end.

remove_waiting(Key, #state{host = Host} = State) ->
    case ets:take(waiting(Host), {by_key, Key}) of
	[{_, Number}] -> ets:delete(waiting(Host), {by_number, Number});
	[] -> ok
    end,
    State.

%%% Trouble

%% Without anything that strangers wrote: only counts are logged.
report(What, #state{reports = Reports} = State) ->
    case Reports of
	#{What := Count} ->
	    State#state{reports = Reports#{What := Count + 1}};
	_ ->
	    log_report(What, 1),
	    erlang:send_after(?REPORT_INTERVAL, self(), {report, What}),
	    State#state{reports = Reports#{What => 0}}
    end.

report_again(What, #state{reports = Reports} = State) ->
    case Reports of
	#{What := 0} ->
	    State#state{reports = maps:remove(What, Reports)};
	#{What := Count} ->
	    log_report(What, Count),
	    erlang:send_after(?REPORT_INTERVAL, self(), {report, What}),
	    State#state{reports = Reports#{What := 0}}
    end.

log_report(no_answer, Count) ->
    ?WARNING_MSG("Requests left to their users because no answer came in time: ~B", [Count]);
log_report(too_many, Count) ->
    ?WARNING_MSG("Requests passed to their users at once, because too many wait for an answer: ~B", [Count]);
log_report(strange_reply, Count) ->
    ?WARNING_MSG("Replies that came too late or from somebody who was not asked, ignored: ~B", [Count]);
log_report(too_large, Count) ->
    ?WARNING_MSG("Stanzas to the entity that were too large, not passed on: ~B", [Count]).

%% Requests have passed to users unanswered although an entity was connected. It is told when that is over, so that
%% it reads the waiting list (S9): when the next request is held, or when the holds have become fewer.
missed(State) ->
    await_hint(?HINT_INTERVAL, State#state{missed = true}).

await_hint(_Time, #state{hint_timer = true} = State) ->
    State;
await_hint(Time, State) ->
    erlang:send_after(Time, self(), hint),
    State#state{hint_timer = true}.

hint_if_over(#state{missed = true, host = Host, last_hint = Last} = State) ->
    Rest = case Last of undefined -> 0; _ -> Last + ?HINT_INTERVAL - now_ms() end,
    IsFull = ets:info(holds(Host), size) >= gen_mod:get_module_opt(Host, ?MODULE, max_held),
    if Rest > 0 -> await_hint(Rest, State);
       IsFull -> await_hint(?HINT_INTERVAL, State);
       true -> hint(State)
    end;
hint_if_over(State) ->
    State.

hint_if_due(#state{missed = true, last_hint = Last} = State) ->
    case Last == undefined orelse now_ms() - Last > ?HINT_INTERVAL of
	true -> hint(State);
	false -> State
    end;
hint_if_due(State) ->
    State.

hint(#state{host = Host} = State) ->
    [advertise(Host, Connection) || Connection <- ets:tab2list(connections(Host))],
    State#state{missed = false, last_hint = now_ms()}.
