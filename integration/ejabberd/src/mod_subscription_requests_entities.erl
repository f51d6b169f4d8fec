%%% Entities: their connections, what these are granted, and what is sent to them.
%%%
%%% The table of connections is written by the host's process only; everybody reads it.

-module(mod_subscription_requests_entities).

%% What is granted
-export([set_entities/1, host_of/1, hosts_granting/1, is_granted/2]).
%% Connections
-export([new_table/1, insert/2, delete/2, all/1, of_this_node/1, is_known/2, is_connection/2, may_ask/1, next/3]).
-export([connected/2, reads_list/3, local_connections/1]).
%% What is sent
-export([advertise/2, tell_removed/2, send/2, random_id/0]).

-include("ejabberd_router.hrl").
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
-spec is_granted(binary(), jid:jid()) -> boolean().
is_granted(Host, #jid{luser = <<>>} = From) ->
    Entity = mod_subscription_requests_xml:bare(From),
    lists:member(Entity, mod_subscription_requests_host:entities(Host)) andalso is_connection(Host, self(), Entity);
is_granted(Host, From) ->
    {User, Server, Resource} = jid:tolower(From),
    lists:member({User, Server, <<>>}, mod_subscription_requests_host:entities(Host)) andalso
	ejabberd_sm:get_session_pid(User, Server, Resource) == self().

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
	true -> connected(Host, #connection{pid = Pid, address = Address, entity = {User, Server, <<>>}, asked = true});
	false -> ok
    end.

%% Those of this node that were there before the module.
-spec local_connections(jid:ljid()) -> [#connection{}].
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

%%%===================================================================
%%% What is sent
%%%===================================================================

%% The grant; also a hint to read the waiting list again.
-spec advertise(binary(), #connection{}) -> ok.
advertise(Host, #connection{pid = Pid, address = Address}) ->
    send(Pid, #message{id = random_id(), from = jid:make(Host), to = jid:make(Address),
		       sub_els = [mod_subscription_requests_xml:permission()]}).

%% An account has been deleted.
-spec tell_removed(binary(), User :: binary()) -> ok.
tell_removed(Host, User) ->
    Removed = mod_subscription_requests_xml:removed(Host, User),
    try
	[send(Pid, #message{id = random_id(), from = jid:make(Host), to = jid:make(Address), sub_els = [Removed]})
	 || #connection{pid = Pid, address = Address, asked = true} <- all(Host)],
	ok
    catch error:badarg ->
	ok % there is no table: the module is being stopped
    end.

%% To this one of several connections of an address; the router would choose any.
-spec send(pid(), stanza()) -> ok.
send(Pid, Stanza) ->
    ejabberd_cluster:send(Pid, {route, Stanza}),
    ok.

%% Nobody can guess it.
-spec random_id() -> binary().
random_id() -> str:to_hexlist(crypto:strong_rand_bytes(12)).
