%%% One host's process, tables and options by name, and what its process is told.

-module(mod_subscription_requests_host).

-export([proc/1, changed_proc/2, holds/1, connections/1, waiting/1]).
-export([loaded_hosts/0, entities/2, entities/1, timeout/1, max_held/1]).
-export([tell/2, tell/3, call/2, call/3, tell_peers/2, from_peer/1, is_peer/1]).

-export_type([notice/0, peer_notice/0, call/0]).

-include("mod_subscription_requests.hrl").

-define(PEER_VERSION, 3). % of what nodes tell each other: to be raised with any change of it

-type notice() ::
	%% Requests.
	{held, key(), Id :: pos_integer(), IsWatched :: boolean()} |
	{passed, key(), unasked | too_many} |
	{withdrawn, key(), Before :: pos_integer()} |
	{answered, key(), Id :: pos_integer(), mod_subscription_requests_act:result()} |
	{user_removed, User :: binary()} |
	%% Entities and their connections.
	{reply, Id :: binary(), pid(), jid:ljid(), #{binary() => answer()}} |
	{unavailable, pid()} |
	{ended, pid()} |
	too_large |
	%% The waiting list.
	{gone, key(), Number :: pos_integer()}.

%% From the process of the same host on another node.
-type peer_notice() ::
	{hello, node()} |
	{peer_connected, #connection{}} |
	{peer_unavailable, pid()} |
	{peer_ended, pid()} |
	{peer_held, #hold{}} |
	{peer_hold_ended, key(), Id :: pos_integer(), node()} |
	{peer_waits, key()} |
	{peer_withdrawn, key()} |
	{peer_user_removed, User :: binary()}.

-type call() ::
	{connected, #connection{}} |
	{claim, key(), answering | left} |
	{found, [key()]} |
	known_list |
	list.

-spec proc(binary()) -> atom().
proc(Host) -> gen_mod:get_module_proc(Host, ?CONNECTOR).

%% Of mod_subscription_requests_changed.
-spec changed_proc(binary(), part()) -> atom().
changed_proc(Host, ?NS_PEOPLE) -> gen_mod:get_module_proc(Host, subscription_requests_changed);
changed_proc(Host, ?NS_ARCHIVE) -> gen_mod:get_module_proc(Host, subscription_requests_archive_changed).

%% Of #hold{}.
-spec holds(binary()) -> atom().
holds(Host) -> gen_mod:get_module_proc(Host, subscription_requests_held).

%% Of #connection{}.
-spec connections(binary()) -> atom().
connections(Host) -> gen_mod:get_module_proc(Host, subscription_requests_connections).

%% See mod_subscription_requests_waiting.
-spec waiting(binary()) -> atom().
waiting(Host) -> gen_mod:get_module_proc(Host, subscription_requests_waiting).

-spec loaded_hosts() -> [binary()].
loaded_hosts() ->
    [Host || Host <- ejabberd_option:hosts(), gen_mod:is_loaded(Host, ?CONNECTOR)].

%% Those that are granted this part of the protocol; of the first, in the order in which they are asked.
-spec entities(binary(), part()) -> [jid:ljid()].
entities(Host, ?NS) -> gen_mod:get_module_opt(Host, ?CONNECTOR, entities);
entities(Host, ?NS_PEOPLE) -> gen_mod:get_module_opt(Host, ?CONNECTOR, people_entities);
entities(Host, {?NS_APPROVALS, set}) -> gen_mod:get_module_opt(Host, ?CONNECTOR, approval_entities);
entities(Host, ?NS_APPROVALS) ->
    entities(Host, {?NS_APPROVALS, set}) ++ gen_mod:get_module_opt(Host, ?CONNECTOR, approval_readers);
entities(Host, {?NS_ARCHIVE, set}) -> gen_mod:get_module_opt(Host, ?CONNECTOR, archive_entities);
entities(Host, ?NS_ARCHIVE) -> entities(Host, {?NS_ARCHIVE, set}) ++ gen_mod:get_module_opt(Host, ?CONNECTOR, archive_readers).

%% Those that are granted anything.
-spec entities(binary()) -> [jid:ljid()].
entities(Host) ->
    lists:usort(lists:append([entities(Host, Part) || Part <- [?NS, ?NS_PEOPLE, ?NS_APPROVALS, ?NS_ARCHIVE]])).

%% In ms.
-spec timeout(binary()) -> non_neg_integer().
timeout(Host) -> gen_mod:get_module_opt(Host, ?CONNECTOR, timeout).

-spec max_held(binary()) -> non_neg_integer().
max_held(Host) -> gen_mod:get_module_opt(Host, ?CONNECTOR, max_held).

-spec tell(binary(), notice()) -> ok.
tell(Host, Notice) -> gen_server:cast(proc(Host), Notice).

-spec tell(node(), binary(), notice() | peer_notice()) -> ok.
tell(Node, Host, Notice) when Node == node() -> gen_server:cast(proc(Host), Notice);
tell(Node, Host, Notice) -> gen_server:cast({proc(Host), Node}, to_peer(Notice)).

-spec call(binary(), call()) -> term().
call(Host, list) -> gen_server:call(proc(Host), list, infinity); % all rosters may have to be read first
call(Host, {found, _} = Request) -> gen_server:call(proc(Host), Request, infinity); % so as not to run ahead of it
call(Host, Request) -> gen_server:call(proc(Host), Request).

-spec call(node(), binary(), call()) -> term().
call(Node, Host, Request) when Node == node() -> gen_server:call(proc(Host), Request);
call(Node, Host, Request) -> gen_server:call({proc(Host), Node}, to_peer(Request)).

-spec tell_peers(binary(), peer_notice()) -> ok.
tell_peers(Host, Notice) ->
    case lists:delete(node(), ejabberd_cluster:get_nodes()) of
	[] -> ok;
	Nodes -> gen_server:abcast(Nodes, proc(Host), to_peer(Notice)), ok
    end.

to_peer(Content) -> {peer, ?PEER_VERSION, {node(), Content}}.

%% What another node of the cluster has told; refused: it has another version of the connector.
-spec from_peer({peer, term(), term()}) -> {ok, term()} | refused | stranger.
from_peer({peer, ?PEER_VERSION, {Node, Content}}) ->
    case is_peer(Node) of
	true -> {ok, Content};
	false -> stranger
    end;
from_peer({peer, _, _}) ->
    refused.

%% Whether it is a node of the cluster, though perhaps not running yet. Erlang nodes may be connected for other reasons.
-spec is_peer(node()) -> boolean().
is_peer(Node) -> lists:member(Node, ejabberd_cluster:get_known_nodes()).
