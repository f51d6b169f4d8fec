%%% Hooks, in the processes where stanzas pass: of users, components, other servers.

-module(mod_subscription_requests_hooks).

%% Requests
-export([trial_arrives/2, subscription_arrives/2, denial_arrives/1, approval_arrives/1, user_answers/1]).
-export([user_removed/2, keep_held/1]).
%% Connections
-export([component_connected/1, component_sends/1]).
-export([presence_set/4, presence_unset/4, session_closed/3, session_pending/1]).
%% What goes to entities, and their replies
-export([packet_for_entity/1, reply_passes/1]).

-include("logger.hrl").
-include("mod_subscription_requests.hrl").

-define(TOO_LARGE, <<"Longer than 10000 bytes, or more than 300 elements">>).

%%%===================================================================
%%% Requests
%%%===================================================================

%% See mod_subscription_requests_act.
-spec trial_arrives(Acc, presence()) -> Acc | {stop, false}.
trial_arrives(_Acc, #presence{meta = #{?CONNECTOR := trial}}) ->
    mod_subscription_requests_act:trial_is_admitted(),
    {stop, false};
trial_arrives(Acc, _Presence) ->
    Acc.

%% After mod_roster: `true` is a new request, stored and about to be delivered. Blocked contacts, unknown users,
%% contacts already subscribed or approved beforehand, and duplicates come with `false` or not at all.
-spec subscription_arrives(boolean(), presence()) -> boolean() | {stop, false}.
subscription_arrives(true, #presence{type = subscribe, from = From, to = To} = Presence) ->
    Host = To#jid.lserver,
    Key = mod_subscription_requests_xml:key(To, From),
    Passes = case ets:info(mod_subscription_requests_host:holds(Host), size) of
		 _ when element(2, Key) == {To#jid.luser, Host, <<>>} -> self;
		 undefined -> unasked; % the module is being stopped
		 Held ->
		     MayAsk = mod_subscription_requests_entities:may_ask(Host),
		     Max = mod_subscription_requests_host:max_held(Host),
		     if not MayAsk -> unasked;
			Held >= Max -> too_many;
			true -> false
		     end
	     end,
    case Passes of
	self ->
	    true;
	false ->
	    try
		hold(Host, Key, Presence),
		{stop, false}
	    catch Class:Reason:Stack ->
		    ?ERROR_MSG("Failed to hold a request: ~p", [{Class, Reason, Stack}]),
		    mod_subscription_requests_host:tell(Host, {passed, Key, unasked}),
		    true
	    end;
	Why ->
	    mod_subscription_requests_host:tell(Host, {passed, Key, Why}),
	    true
    end;
subscription_arrives(Acc, #presence{type = unsubscribe, from = From, to = To}) ->
    mod_subscription_requests_act:withdraw(To#jid.lserver, mod_subscription_requests_xml:key(To, From)),
    Acc;
subscription_arrives(false, #presence{type = subscribe, from = From, to = To} = Presence) ->
    %% mod_roster lets in whom it knows to be subscribed, but not while it has a stale request of theirs.
    mod_subscription_requests_act:clear_if_stale(To#jid.lserver, mod_subscription_requests_xml:key(To, From))
	andalso mod_roster:in_subscription(false, Presence);
subscription_arrives(Acc, _Presence) ->
    Acc.

%% First of all nobody is to be sent it any more; what is read takes its time.
hold(Host, Key, Presence) ->
    Id = erlang:unique_integer([positive, monotonic]),
    Texts = [{<<"status">>, mod_subscription_requests_xml:first_text(Presence#presence.status)},
	     {<<"nick">>, mod_subscription_requests_xml:nick(Presence)}],
    RequestId = mod_subscription_requests_xml:request_id(Id),
    Element = mod_subscription_requests_xml:request(RequestId, Host, Key, Texts, none),
    Holds = mod_subscription_requests_host:holds(Host),
    Hold = #hold{key = Key, id = Id, node = node(), received = erlang:monotonic_time(millisecond),
		 presence = Presence, element = Element},
    ets:insert(Holds, Hold),
    try
	IsWatched = mod_subscription_requests_roster:is_watched(Host),
	IsWatched orelse add_item(Host, Hold), % otherwise in the host's process, which knows it
	mod_subscription_requests_host:tell(Host, {held, Key, Id, IsWatched})
    catch Class:Reason:Stack ->
	    %% If it is not there as it was, whoever has taken it delivers the request or knows that there is nothing to deliver.
	    case is_taken_out(Holds, Hold) of
		true -> erlang:raise(Class, Reason, Stack);
		false -> ok
	    end
    end.

%% By the time the item is read, the table may have another request of this contact's in the place of this one.
add_item(Host, #hold{key = Key, element = Element} = Hold) ->
    case mod_subscription_requests_roster:stored_item(Host, Key) of
	none ->
	    ok;
	Item ->
	    Changed = Hold#hold{element = mod_subscription_requests_xml:add_item(Item, Element)},
	    _ = ets:select_replace(mod_subscription_requests_host:holds(Host), [{Hold, [], [{const, Changed}]}]),
	    ok
    end.

is_taken_out(Holds, Hold) ->
    try ets:select_delete(Holds, [{Hold, [], [true]}]) == 1
    catch error:badarg ->
	    false % the module has been stopped: see release_holds/2 there
    end.

%% Before mod_shared_roster.
-spec denial_arrives(presence()) -> ok | stop.
denial_arrives(#presence{meta = #{?CONNECTOR := verdict}} = Answer) ->
    verdict_arrives(fun() -> mod_subscription_requests_act:denial_arrives(Answer) end);
denial_arrives(#presence{meta = #{?CONNECTOR := {revoking, IsMeant}}} = Cancellation) ->
    verdict_arrives(fun() -> mod_subscription_requests_act:revocation_arrives(Cancellation, IsMeant) end);
denial_arrives(_Presence) ->
    ok.

%% Immediately before mod_roster.
-spec approval_arrives(presence()) -> ok | stop.
approval_arrives(#presence{meta = #{?CONNECTOR := verdict}} = Answer) ->
    verdict_arrives(fun() -> mod_subscription_requests_act:approval_arrives(Answer) end);
approval_arrives(_Presence) ->
    ok.

verdict_arrives(Apply) ->
    try Apply()
    catch Class:Reason:Stack ->
	    ?ERROR_MSG("Failed to look at a request: ~p", [{Class, Reason, Stack}]),
	    stop % mod_roster must not carry out what may not be pending
    end.

%% After mod_roster.
-spec user_answers(presence()) -> ok.
user_answers(#presence{meta = #{?CONNECTOR := verdict}}) ->
    ok; % mod_subscription_requests_act does the rest
user_answers(#presence{type = Type, from = From, to = To}) when Type == subscribed; Type == unsubscribed ->
    mod_subscription_requests_act:withdraw(From#jid.lserver, mod_subscription_requests_xml:key(From, To));
user_answers(_Presence) ->
    ok.

-spec user_removed(binary(), binary()) -> ok.
user_removed(User, Server) ->
    Host = jid:nameprep(Server),
    Name = jid:nodeprep(User),
    mod_subscription_requests_host:tell(Host, {user_removed, Name}),
    spawn(fun() -> tell_removed(Host, Name) end), % whatever is asked about the account may take its time
    ok.

%% The hook runs as well when the account could not be deleted, as in a directory that is only read.
tell_removed(Host, User) ->
    case mod_subscription_requests_accounts:exists(Host, User) of
	false -> mod_subscription_requests_entities:tell_removed(Host, User);
	_ -> ok
    end.

%% A user who comes online is sent what is pending (RFC 6121 section 3.1.3); what is held must wait, and what is stale is
%% no question any more. What has been left to the user passes: another node may not know yet that it is not held.
-spec keep_held({Packet, State}) -> {Packet, State} | {stop, {drop, State}}.
keep_held({#presence{meta = #{?CONNECTOR := delivered}}, _State} = Acc) ->
    Acc;
keep_held({#presence{type = subscribe, from = #jid{} = From}, #{jid := #jid{lserver = Host} = User} = State} = Acc) ->
    try is_kept(Host, mod_subscription_requests_xml:key(User, From)) of
	true -> {stop, {drop, State}};
	false -> Acc
    catch _:_ ->
	Acc % there is no table, or storage fails: better a prompt too many
    end;
keep_held(Acc) ->
    Acc.

is_kept(Host, Key) ->
    case ets:lookup(mod_subscription_requests_host:holds(Host), Key) of
	[#hold{received = Received}] ->
	    %% Older ones are those of a process that has crashed and was not started again.
	    erlang:monotonic_time(millisecond) - Received < 2 * mod_subscription_requests_host:timeout(Host);
	[] ->
	    mod_subscription_requests_act:clear_if_stale(Host, Key)
    end.

%%%===================================================================
%%% Connections
%%%===================================================================

%% In the component's process.
-spec component_connected(binary()) -> ok.
component_connected(Domain) ->
    Address = {<<>>, jid:nameprep(Domain), <<>>},
    [mod_subscription_requests_entities:connected(
       Host, mod_subscription_requests_entities:new_connection(Host, self(), Address))
     || Host <- mod_subscription_requests_entities:hosts_granting(Address)],
    ok.

%% From 24.10 on mod_privilege drops IQs of components that it has granted nothing. What an entity's component sends
%% in its own name does not concern it.
-spec component_sends({Packet, State}) -> {Packet, State} | {stop, {Packet, State}}.
component_sends({#iq{from = #jid{luser = <<>>} = From, sub_els = Elements}, _State} = Acc) ->
    case mod_subscription_requests_xml:is_wrapped(Elements)
	orelse not mod_subscription_requests_entities:is_connection(self(), mod_subscription_requests_xml:bare(From)) of
	true -> Acc;
	false -> {stop, Acc}
    end;
component_sends(Acc) ->
    Acc.

%% In the session's process.
-spec presence_set(binary(), binary(), binary(), presence()) -> ok.
presence_set(User, Server, Resource, _Presence) ->
    Entity = {User, Server, <<>>},
    Address = {User, Server, Resource},
    [mod_subscription_requests_entities:connected(
       Host, mod_subscription_requests_entities:new_connection(Host, self(), Address))
     || Host <- mod_subscription_requests_entities:hosts_granting(Entity),
	not mod_subscription_requests_entities:is_known(Host, self())],
    ok.

-spec presence_unset(binary(), binary(), binary(), binary()) -> ok.
presence_unset(User, Server, _Resource, _Status) ->
    tell_granting({User, Server, <<>>}, {unavailable, self()}).

%% The process itself ends later.
-spec session_closed({term(), pid()}, jid:jid(), term()) -> ok.
session_closed({_, Pid}, Address, _Info) ->
    tell_granting(mod_subscription_requests_xml:bare(Address), {ended, Pid}).

%% The stream is broken and the session waits to be resumed (XEP-0198): as a connection it has ended.
-spec session_pending(State) -> State when State :: #{jid := jid:jid(), _ => _}.
session_pending(#{jid := Address} = State) ->
    tell_granting(mod_subscription_requests_xml:bare(Address), {ended, self()}),
    State.

tell_granting(Entity, Message) ->
    [mod_subscription_requests_host:tell(Host, Message)
     || Host <- mod_subscription_requests_entities:hosts_granting(Entity)],
    ok.

%%%===================================================================
%%% What goes to entities, and their replies
%%%===================================================================

%% In the process of whoever sends it. A library that reads XML may need a time that grows with the square of
%% what a stranger has sent.
-spec packet_for_entity(stanza() | drop) -> stanza() | drop | {stop, drop}.
packet_for_entity(drop) ->
    drop;
packet_for_entity(Packet) ->
    case mod_subscription_requests_entities:host_of(xmpp:get_to(Packet)) of
	{ok, Host} -> if_moderate(Host, Packet);
	none -> Packet
    end.

if_moderate(Host, Packet) ->
    case is_from_host(xmpp:get_from(Packet)) orelse mod_subscription_requests_xml:is_moderate(xmpp:encode(Packet)) of
	true ->
	    Packet;
	false ->
	    mod_subscription_requests_host:tell(Host, too_large),
	    case Packet of
		#iq{type = Type} when Type == get; Type == set ->
		    Error = xmpp:err_policy_violation(?TOO_LARGE, <<"en">>),
		    ejabberd_router:route(xmpp:make_error(Packet#iq{sub_els = []}, Error));
		_ ->
		    ok
	    end,
	    {stop, drop}
    end.

is_from_host(#jid{luser = <<>>, lserver = Server, lresource = <<>>}) ->
    lists:member(Server, ejabberd_option:hosts());
is_from_host(_) ->
    false.

%% For every packet that this server routes, in the process of the connection that it comes from.
%% First: replies to asks; the id says which node has asked. Second: replies of the server's own, to queries of a
%% component that is connected several times; the router would give them to any of its connections.
-spec reply_passes(stanza() | drop) -> stanza() | drop | {stop, drop}.
reply_passes(#iq{type = Type, id = <<?ASK_ID_PREFIX, Rest/binary>>, from = From,
		 to = #jid{luser = <<>>, lserver = Host, lresource = <<>>}} = IQ)
  when Type == result; Type == error ->
    case gen_mod:is_loaded(Host, ?CONNECTOR) of
	true ->
	    [NodeId | _] = binary:split(Rest, <<"-">>),
	    Reply = {reply, IQ#iq.id, self(), jid:tolower(From), mod_subscription_requests_xml:answers(IQ)},
	    mod_subscription_requests_host:tell(ejabberd_cluster:get_node_by_id(NodeId), Host, Reply),
	    {stop, drop};
	false ->
	    IQ
    end;
reply_passes(#iq{type = Type, from = #jid{luser = <<>>}, to = #jid{luser = <<>>} = To} = IQ)
  when Type == result; Type == error ->
    case mod_subscription_requests_entities:is_connection(self(), mod_subscription_requests_xml:bare(To)) of
	true ->
	    mod_subscription_requests_entities:send(self(), IQ),
	    {stop, drop};
	false ->
	    IQ
    end;
reply_passes(Packet) ->
    Packet.
