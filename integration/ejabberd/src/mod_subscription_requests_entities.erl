%%% Entities: their connections, what these are granted, and what is sent to them.
%%%
%%% The table of connections is written by the host's process only; everybody reads it.

-module(mod_subscription_requests_entities).

%% What is granted
-export([set_entities/1, host_of/1, hosts_granting/1, is_granted/3]).
%% Connections
-export([new_table/1, insert/2, delete/2, all/1, of_this_node/1, is_known/2, is_connection/2, may_ask/1, next/3]).
-export([new_connection/3, connected/2, reads_list/3, connections/2, is_anybody_there/2, local_connections/1]).
%% What is sent
-export([advertise/2, hint/1, tell_removed/2, tell_changed/3, send/2, reply_later/2, random_id/0]).

-include("ejabberd_router.hrl").
-include("logger.hrl").
-include("mod_subscription_requests.hrl").

%%%===================================================================
%%% What is granted
%%%===================================================================

%% For each packet that passes: all entities, each with a host that grants it.
-spec set_entities([{binary(), [jid:ljid()]}]) -> ok.
set_entities(Granted) ->
    Hosts = maps:from_list([{Entity, Host} || {Host, Entities} <- Granted, Entity <- Entities]),
    persistent_term:put(?CONNECTOR, Hosts).

%% A host that grants the entity to which a packet with this address goes.
-spec host_of(jid:jid()) -> {ok, binary()} | none.
host_of(#jid{luser = User, lserver = Server}) ->
    case persistent_term:get(?CONNECTOR, #{}) of
	#{{User, Server, <<>>} := Host} -> {ok, Host};
	#{{<<>>, Server, <<>>} := Host} -> {ok, Host};
	_ -> none
    end.

-spec hosts_granting(jid:ljid()) -> [binary()].
hosts_granting(Entity) ->
    [Host || Host <- mod_subscription_requests_host:loaded_hosts(),
	     lists:member(Entity, mod_subscription_requests_host:entities(Host))].

%% Of whoever sends something in this process. By the connection, not by the sender's address alone: components of one
%% listener may use each other's, and privileged ones their users'.
-spec is_granted(binary(), part(), jid:jid()) -> boolean().
is_granted(Host, Part, #jid{luser = <<>>} = From) ->
    Entity = mod_subscription_requests_xml:bare(From),
    has_part(Host, Part, Entity) andalso is_connection(Host, self(), Entity);
is_granted(Host, Part, From) ->
    {User, Server, Resource} = jid:tolower(From),
    has_part(Host, Part, {User, Server, <<>>}) andalso ejabberd_sm:get_session_pid(User, Server, Resource) == self().

has_part(Host, Part, Entity) -> lists:member(Entity, mod_subscription_requests_host:entities(Host, Part)).

%%%===================================================================
%%% Connections
%%%===================================================================

table(Host) -> mod_subscription_requests_host:connections(Host).

-spec new_table(binary()) -> ok.
new_table(Host) ->
    %% One stream may be of several components.
    _ = ets:new(table(Host), [named_table, protected, bag, {keypos, #connection.pid}, {read_concurrency, true}]),
    ok.

-spec insert(binary(), #connection{}) -> ok.
insert(Host, Connection) ->
    ets:match_delete(table(Host), Connection#connection{asked = '_'}),
    ets:insert(table(Host), Connection),
    ok.

-spec delete(binary(), pid()) -> ok.
delete(Host, Pid) ->
    ets:delete(table(Host), Pid),
    ok.

-spec all(binary()) -> [#connection{}].
all(Host) -> ets:tab2list(table(Host)).

%% Those that other nodes may ask as well.
-spec of_this_node(binary()) -> [#connection{}].
of_this_node(Host) ->
    [Connection || #connection{pid = Pid, asked = true} = Connection <- all(Host), node(Pid) == node()].

-spec is_known(binary(), pid()) -> boolean().
is_known(Host, Pid) ->
    try ets:member(table(Host), Pid)
    catch error:badarg -> false
    end.

%% Of any host.
-spec is_connection(pid(), jid:ljid()) -> boolean().
is_connection(Pid, Entity) ->
    lists:any(fun(Host) -> is_connection(Host, Pid, Entity) end, mod_subscription_requests_host:loaded_hosts()).

is_connection(Host, Pid, Entity) ->
    try ets:lookup(table(Host), Pid) of
	Connections -> lists:keymember(Entity, #connection.entity, Connections)
    catch error:badarg ->
	false
    end.

-spec may_ask(binary()) -> boolean().
may_ask(Host) ->
    try all(Host) of
	Connections -> lists:any(fun(#connection{asked = Asked}) -> Asked end, Connections)
    catch error:badarg ->
	false
    end.

%% Of the first entity that has connections: a component's in turn, an account's always the same while it is there.
-spec next(binary(), [jid:ljid()], undefined | pid()) -> #connection{} | none.
next(Host, Entities, Last) ->
    All = lists:sort([Connection || #connection{asked = true} = Connection <- all(Host)]),
    Of = fun(Entity) -> [Connection || #connection{entity = E} = Connection <- All, E == Entity] end,
    case lists:dropwhile(fun(Connections) -> Connections == [] end, [Of(Entity) || Entity <- Entities]) of
	[] ->
	    none;
	[[#connection{entity = {<<>>, _, _}} = First | _] = Connections | _] ->
	    hd([Connection || #connection{pid = Pid} = Connection <- Connections, Pid > Last] ++ [First]);
	[[First | _] = Connections | _] ->
	    hd([Connection || #connection{pid = Pid} = Connection <- Connections, Pid == Last] ++ [First])
    end.

%% As it is at first: a component is asked from its handshake on.
-spec new_connection(binary(), pid(), jid:ljid()) -> #connection{}.
new_connection(Host, Pid, {<<>>, _, _} = Entity) ->
    #connection{pid = Pid, address = Entity, entity = Entity, asked = has_part(Host, ?NS, Entity)};
new_connection(_Host, Pid, {User, Server, _} = Address) ->
    #connection{pid = Pid, address = Address, entity = {User, Server, <<>>}, asked = false}.

%% In the connection's process. Called, not cast: what the entity sends next relies on it.
-spec connected(binary(), #connection{}) -> ok.
connected(Host, Connection) ->
    try mod_subscription_requests_host:call(Host, {connected, Connection})
    catch exit:_ -> ok % being started or stopped: it will find the connection, or does not need it
    end.

%% An account's resource is asked from now on, if it is available.
-spec reads_list(binary(), pid(), jid:ljid()) -> ok.
reads_list(_Host, _Pid, {<<>>, _, _}) ->
    ok;
reads_list(Host, Pid, {User, Server, Resource} = Address) ->
    case lists:keymember(Resource, 2, ejabberd_sm:get_user_present_resources(User, Server)) of
	true -> connected(Host, (new_connection(Host, Pid, Address))#connection{asked = true});
	false -> ok
    end.

%% Of an entity, on all nodes; an account's available resources.
-spec connections(binary(), jid:ljid()) -> [#connection{}].
connections(Host, {<<>>, Domain, _} = Entity) ->
    Backend = ejabberd_router:get_backend(),
    Routes = case Backend:find_routes(Domain) of
		 {ok, Found} -> Found;
		 _ -> []
	     end,
    [new_connection(Host, Pid, Entity)
     || #route{pid = Pid, local_hint = Hint} <- Routes, is_pid(Pid), not is_tuple(Hint)];
connections(Host, {User, Server, _}) ->
    [new_connection(Host, Pid, {User, Server, Resource})
     || {_Priority, Resource} <- ejabberd_sm:get_user_present_resources(User, Server),
	Pid <- [ejabberd_sm:get_session_pid(User, Server, Resource)],
	is_pid(Pid)].

-spec is_anybody_there(binary(), part()) -> boolean().
is_anybody_there(Host, Part) ->
    lists:any(fun(Entity) -> connections(Host, Entity) /= [] end, mod_subscription_requests_host:entities(Host, Part)).

%% Those of this node that were there before the module.
-spec local_connections(binary()) -> [#connection{}].
local_connections(Host) ->
    [Connection || Entity <- mod_subscription_requests_host:entities(Host),
		   #connection{pid = Pid} = Connection <- connections(Host, Entity),
		   node(Pid) == node()].

%%%===================================================================
%%% What is sent
%%%===================================================================

%% What is granted.
-spec advertise(binary(), #connection{}) -> ok.
advertise(Host, #connection{entity = Entity} = Connection) ->
    advertise(Host, Connection, [Part || Offered <- [?NS, ?NS_PEOPLE, ?NS_APPROVALS, ?NS_ARCHIVE],
					 Part <- [most(Host, Offered, Entity)], has_part(Host, Part, Entity)]).

%% With the right to set, where the entity has it.
most(Host, Part, Entity) when Part == ?NS_APPROVALS; Part == ?NS_ARCHIVE ->
    case has_part(Host, {Part, set}, Entity) of
	true -> {Part, set};
	false -> Part
    end;
most(_Host, Part, _Entity) ->
    Part.

%% To read the waiting list again: the first part only, lest the people be read again as well.
-spec hint(binary()) -> ok.
hint(Host) ->
    [advertise(Host, Connection, [?NS]) || #connection{entity = Entity} = Connection <- all(Host), has_part(Host, ?NS, Entity)],
    ok.

advertise(Host, Connection, Parts) -> tell(Host, Connection, mod_subscription_requests_xml:permission(Parts)).

%% An account has been deleted.
-spec tell_removed(binary(), User :: binary()) -> ok.
tell_removed(Host, User) ->
    Removed = mod_subscription_requests_xml:removed(Host, User),
    try
	[tell(Host, Connection, Removed) || #connection{asked = true} = Connection <- all(Host)],
	ok
    catch error:badarg ->
	ok % there is no table: the module is being stopped
    end.

%% What they may read in this part has changed.
-spec tell_changed(binary(), part(), fxml:xmlel()) -> ok.
tell_changed(Host, Part, Changed) ->
    [tell(Host, Connection, Changed)
     || Entity <- mod_subscription_requests_host:entities(Host, Part), Connection <- connections(Host, Entity)],
    ok.

tell(Host, #connection{pid = Pid, address = Address}, Element) ->
    send(Pid, #message{id = random_id(), from = jid:make(Host), to = jid:make(Address), sub_els = [Element]}).

%% To this one of several connections of an address; the router would choose any.
-spec send(pid(), stanza()) -> ok.
send(Pid, Stanza) ->
    ejabberd_cluster:send(Pid, {route, Stanza}),
    ok.

%% To what an entity has sent in this process: what it takes to find the reply keeps nobody waiting.
-spec reply_later(iq(), fun(() -> iq())) -> ignore.
reply_later(IQ, Reply) ->
    Connection = self(),
    spawn(fun() ->
		  send(Connection,
		       try Reply()
		       catch Class:Reason:Stack ->
			       ?ERROR_MSG("Failed to answer ~ts: ~p", [jid:encode(IQ#iq.from), {Class, Reason, Stack}]),
			       xmpp:make_error(IQ, xmpp:err_internal_server_error())
		       end)
	  end),
    ignore.

%% Nobody can guess it.
-spec random_id() -> binary().
random_id() -> str:to_hexlist(crypto:strong_rand_bytes(12)).
