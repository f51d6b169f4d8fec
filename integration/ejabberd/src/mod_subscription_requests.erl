%%% Puts presence subscription requests (RFC 6121 section 3.1) to a privileged entity (XEP-0356), which may
%%% approve or deny them on the user's behalf or leave them to the user. Where that is granted as well, tells an entity
%%% who the users are and whether they are available, and which approvals are in force, and lets it revoke these, or set
%%% what is archived. Protocol: ../../PROTOCOL.md.
%%%
%%% ejabberd stores the request and changes the rosters itself; the connector holds back nothing but the delivery,
%%% and only until the entity has answered. Without an entity, or without its answer, the user gets the request
%%% as if the connector were not loaded.
%%%
%%% ejabberd 23.01 and later. It grants and advertises the permission itself: mod_privilege knows no accounts,
%%% before 24.10 no iq permission, and forgets a component when one of its instances leaves.
%%%
%%% One process for each host decides; whatever waits for storage or for other processes is done in processes
%%% that it starts. In a cluster every node holds the requests that it received, and may ask entities that are
%%% connected to any node.
%%%
%%% A request's way, and then what else an entity may learn, which is also the order in which to read the modules (their
%%% names begin with that of this one):
%%%   _hooks         a request arrives and is held; replies pass, connections come and go
%%%   _server        the host's process: a held request is queued, put into an ask, answered or left to its user
%%%   _asks          its queue, and the asks that wait for a reply (pure)
%%%   _reports       what the log says of trouble
%%%   _iq            what an entity sends by itself: later answers, and queries of accounts and of the waiting list
%%%   _approvals     what an entity asks about approvals, and to revoke them
%%%   _act           a verdict is applied as the user would, or the request delivered
%%%   _waiting       the waiting list's index
%%%   _people        what an entity asks about people
%%%   _archive       what an entity asks about archiving preferences, and sets; users' changes of locked ones are refused
%%%   _reading       one reading of a list of the accounts, as either needs it
%%%   _persons       what anybody may read of a person
%%%   _availability  which users are available to whom
%%%   _changed       entities are told that people, or their archiving preferences, have changed
%%%   _preferences   archiving preferences and locks as they are stored
%%%   _people_xml    from stanzas to terms and back, for people (pure)
%%%   _approvals_xml the same, for approvals (pure)
%%%   _archive_xml   from stanzas to terms and back, for archiving preferences (pure)
%%%   _entities      connections of entities, what they are granted, what is sent to them
%%%   _accounts      which accounts exist
%%%   _roster        what the server has stored; the only one that knows mod_roster's record
%%%   _host          a host's processes, tables and options by name, and what its process is told
%%%   _xml           from stanzas to terms and back (pure)
%%% A module calls only those below it.

-module(mod_subscription_requests).
-behaviour(gen_mod).

-export([start/2, stop/1, reload/3, depends/2, mod_opt_type/1, mod_options/1, mod_doc/0]).

-include("translate.hrl").
-include("mod_subscription_requests.hrl").

-define(UNLOAD_PATIENCE, 5000). % ms in which what is under way may come to its end
-define(UNLOAD_INTERVAL, 20). % ms

-spec start(binary(), gen_mod:opts()) -> {ok, pid()} | {error, term()}.
start(Host, Opts) ->
    other_hosts(Host) == [] andalso load_modules(),
    start_host(Host, Opts).

-spec stop(binary()) -> ok.
stop(Host) ->
    stop_host(Host, gen_mod:get_module_opts(Host, ?MODULE)),
    other_hosts(Host) == [] andalso unload_modules(),
    ok.

-spec reload(binary(), gen_mod:opts(), gen_mod:opts()) -> {ok, pid()} | {error, term()}.
reload(Host, NewOpts, OldOpts) ->
    stop_host(Host, OldOpts),
    start_host(Host, NewOpts).

%% The process advertises as soon as it starts, and entities answer at once: everything else comes before.
start_host(Host, Opts) ->
    mod_subscription_requests_entities:set_entities([{Host, granted(Opts)} | others_granted(Host)]),
    [ok = ejabberd_hooks:add(Hook, Where, Module, Function, Order)
     || {Hook, Where, Module, Function, Order} <- host_hooks(Host, Opts) ++ shared_hooks(Opts)],
    [gen_iq_handler:add_iq_handler(ejabberd_local, Host, Part, Module, process_iq) || {Part, Module} <- iq_handlers()],
    mod_subscription_requests_preferences:new_table(),
    lists:foreach(fun(Part) ->
			  {ok, _} = gen_mod:start_child(mod_subscription_requests_changed, Host, #{part => Part},
							mod_subscription_requests_host:changed_proc(Host, Part))
		  end, watched_parts(Opts)),
    gen_mod:start_child(mod_subscription_requests_server, Host, Opts, mod_subscription_requests_host:proc(Host)).

stop_host(Host, Opts) ->
    [gen_iq_handler:remove_iq_handler(ejabberd_local, Host, Part) || {Part, _} <- iq_handlers()],
    _ = gen_mod:stop_child(mod_subscription_requests_host:proc(Host)),
    lists:foreach(fun(Part) -> gen_mod:stop_child(mod_subscription_requests_host:changed_proc(Host, Part)) end,
		  watched_parts(Opts)),
    Needed = [Hook || Other <- other_hosts(Host), Hook <- shared_hooks(gen_mod:get_module_opts(Other, ?MODULE))],
    [ejabberd_hooks:delete(Hook, Where, Module, Function, Order)
     || {Hook, Where, Module, Function, Order} <- host_hooks(Host, Opts) ++ (shared_hooks(Opts) -- Needed)],
    release_holds(mod_subscription_requests_host:holds(Host), Host),
    mod_subscription_requests_entities:set_entities(others_granted(Host)).

%% The process has released what it knew of; a request that arrived as it ended may have come to be held after that.
release_holds(Table, Host) ->
    try ets:tab2list(Table) of
	Holds ->
	    ets:delete(Table),
	    mod_subscription_requests_act:deliver_now(Host, [Hold || #hold{node = Node} = Hold <- Holds, Node == node()])
    catch error:badarg ->
	ok % there is none
    end.

other_hosts(Host) ->
    [Other || Other <- ejabberd_option:hosts(), Other /= Host, gen_mod:is_loaded(Other, ?MODULE)].

others_granted(Host) ->
    [{Other, mod_subscription_requests_host:entities(Other)} || Other <- other_hosts(Host)].

%% Whoever is granted anything.
granted(Opts) ->
    lists:append([gen_mod:get_opt(Option, Opts) || Option <- [entities, people_entities, approval_entities, approval_readers,
							      archive_entities, archive_readers]]).

finds_people(Opts) -> gen_mod:get_opt(people_entities, Opts) /= [].

reads_archive(Opts) -> gen_mod:get_opt(archive_entities, Opts) ++ gen_mod:get_opt(archive_readers, Opts) /= [].

%% Those of which somebody is to be told what changes.
watched_parts(Opts) -> [?NS_PEOPLE || finds_people(Opts)] ++ [?NS_ARCHIVE || reads_archive(Opts)].

%% All, whatever is granted: who is not granted a part is refused.
iq_handlers() ->
    [{?NS, mod_subscription_requests_iq}, {?NS_PEOPLE, mod_subscription_requests_people},
     {?NS_APPROVALS, mod_subscription_requests_approvals}, {?NS_ARCHIVE, mod_subscription_requests_archive}].

host_hooks(Host, Opts) ->
    [{Hook, Host, mod_subscription_requests_hooks, Function, Order}
     || {Hook, Function, Order} <-
	    [{roster_in_subscription, trial_arrives, 49}, % after whatever rejects, before mod_roster (50)
	     {roster_in_subscription, subscription_arrives, 60},
	     {roster_out_subscription, denial_arrives, 29}, % in place of mod_shared_roster (30) and mod_roster
	     {roster_out_subscription, approval_arrives, 49}, % immediately before mod_roster
	     {roster_out_subscription, user_answers, 60},
	     {remove_user, user_removed, 60},
	     {c2s_filter_send, keep_held, 10}]]
	++ [{Hook, Host, mod_subscription_requests_archive, Function, Order} % whoever is granted it now: locks stay
	    || {Hook, Function, Order} <-
		   [{store_mam_message, message_stored, 50}, % before mod_mam (100)
		    {register_user, user_registered, 50},
		    {remove_user, user_removed, 50}]]
	++ [{Hook, Host, mod_subscription_requests_changed, Function, 90} % after whatever stores the change
	    || watched_parts(Opts) /= [],
	       {Hook, Function} <-
		   [{register_user, user_registered},
		    {remove_user, user_removed},
		    {user_send_packet, packet_sent},
		    {c2s_handle_info, session_told}]]
	++ [{Hook, Host, mod_subscription_requests_changed, Function, 90}
	    || finds_people(Opts),
	       {Hook, Function} <-
		   [{vcard_iq_set, vcard_set},
		    {pubsub_publish_item, item_published},
		    {pubsub_delete_node, node_deleted}]].

%% Those that several hosts share, since an entity may serve several and be of any, and a viewer be of any.
shared_hooks(Opts) ->
    [{Hook, Where, mod_subscription_requests_hooks, Function, Order}
     || {Hook, Where, Function, Order} <-
	    [{filter_packet, global, packet_for_entity, 40},
	     {filter_packet, global, reply_passes, 50},
	     {component_connected, global, component_connected, 50},
	     {component_send_packet, global, component_sends, 40} % before mod_privilege (50)
	     | lists:append([[{set_presence_hook, Server, presence_set, 50},
			      {unset_presence_hook, Server, presence_unset, 50},
			      {sm_remove_connection_hook, Server, session_closed, 50},
			      {c2s_session_pending, Server, session_pending, 50}]
			     || Server <- lists:usort([S || {U, S, _} <- granted(Opts), U /= <<>>])])]]
	++ [{filter_packet, global, mod_subscription_requests_archive, packet_passes, 45}]
	++ [{Hook, Where, mod_subscription_requests_availability, Function, 50}
	    || finds_people(Opts),
	       {Hook, Where, Function} <- [{host_up, global, host_added}
					   | [{c2s_handle_call, Server, session_asked} || Server <- ejabberd_option:hosts()]]].

%%%===================================================================
%%% The other modules' code
%%%===================================================================

modules() ->
    [mod_subscription_requests_accounts, mod_subscription_requests_act, mod_subscription_requests_approvals,
     mod_subscription_requests_approvals_xml, mod_subscription_requests_archive, mod_subscription_requests_archive_xml,
     mod_subscription_requests_asks,
     mod_subscription_requests_availability, mod_subscription_requests_changed, mod_subscription_requests_entities,
     mod_subscription_requests_hooks, mod_subscription_requests_host, mod_subscription_requests_iq,
     mod_subscription_requests_people, mod_subscription_requests_people_xml, mod_subscription_requests_persons,
     mod_subscription_requests_preferences,
     mod_subscription_requests_reading, mod_subscription_requests_reports, mod_subscription_requests_roster,
     mod_subscription_requests_server, mod_subscription_requests_waiting, mod_subscription_requests_xml].

%% Always from their files: a hook that was called as the last host stopped may have loaded the code before an upgrade
%% again. And before they are needed: gen_iq_handler loads no module to see what it exports.
load_modules() ->
    lists:foreach(fun load_module/1, modules()).

load_module(Module) ->
    case code:soft_purge(Module) orelse not erlang:module_loaded(Module) of
	true -> ok;
	false -> code:purge(Module) % an older version runs as well, and there cannot be three
    end,
    {module, Module} = code:load_file(Module),
    code:soft_purge(Module).

%% `ejabberdctl module_uninstall` and `module_upgrade` see to the code of this module only. What still runs in the
%% others is not killed: it may be a user's session, or about to deliver a request.
unload_modules() ->
    [code:soft_purge(Module) andalso code:delete(Module) || Module <- modules()],
    await_purge(modules(), erlang:monotonic_time(millisecond) + ?UNLOAD_PATIENCE).

await_purge(Modules, Deadline) ->
    Left = [Module || Module <- Modules, not code:soft_purge(Module)],
    case Left == [] orelse erlang:monotonic_time(millisecond) > Deadline of
	true ->
	    ok;
	false ->
	    timer:sleep(?UNLOAD_INTERVAL),
	    await_purge(Left, Deadline)
    end.

%%%===================================================================
%%% Options
%%%===================================================================

-spec depends(binary(), gen_mod:opts()) -> [{module(), hard | soft}].
depends(_Host, _Opts) ->
    [{mod_roster, hard}].

-spec mod_opt_type(atom()) -> econf:validator().
mod_opt_type(Option) when Option == entities; Option == people_entities; Option == approval_entities; Option == approval_readers;
			  Option == archive_entities; Option == archive_readers ->
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

-spec mod_options(binary()) -> [atom() | {atom(), term()}].
mod_options(_Host) ->
    [entities, {people_entities, []}, {approval_entities, []}, {approval_readers, []}, {archive_entities, []},
     {archive_readers, []}, {timeout, timer:seconds(5)}, {max_held, 10000}].

-spec mod_doc() -> #{desc => binary(), opts => [{atom(), #{value => string(), desc => binary()}}]}.
mod_doc() ->
    #{desc => ?T("Puts presence subscription requests to a privileged entity, which approves or denies them "
		 "on the user's behalf or leaves them to the user."),
      opts =>
	  [{entities,
	    #{value => "[Address, ...]",
	      desc => ?T("Components' domains and bare addresses of accounts that may answer, in the order in which "
			 "they are asked. This option is required.")}},
	   {people_entities,
	    #{value => "[Address, ...]",
	      desc => ?T("Those that may read who the users are, and whether they are available. By default nobody.")}},
	   {approval_entities,
	    #{value => "[Address, ...]",
	      desc => ?T("Those that may read which approvals are in force, and revoke them. By default nobody.")}},
	   {approval_readers,
	    #{value => "[Address, ...]",
	      desc => ?T("Those that may only read them. By default nobody.")}},
	   {archive_entities,
	    #{value => "[Address, ...]",
	      desc => ?T("Those that may read what is archived of whom, and set and lock it. By default nobody.")}},
	   {archive_readers,
	    #{value => "[Address, ...]",
	      desc => ?T("Those that may only read it. By default nobody.")}},
	   {timeout,
	    #{value => "timeout()",
	      desc => ?T("How long a request waits for an answer until it is left to the user. The default is "
			 "5 seconds.")}},
	   {max_held,
	    #{value => "non_neg_integer()",
	      desc => ?T("How many requests may wait for an answer at a time; what comes beyond is left to the "
			 "users at once. The default is 10000.")}}]}.
