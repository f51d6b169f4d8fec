%%% Who is available to a viewer. What a resource's presence is, and whom it would be sent to, its session knows, on
%%% whichever node that is: privacy lists (XEP-0016) may be in force in one session alone. So all sessions are asked at a time,
%%% and one that does not reply in time does not count.

-module(mod_subscription_requests_availability).

-export([available/3]).
%% Hooks
-export([session_asked/3, host_added/1]).

-include("mod_subscription_requests.hrl").

-define(PATIENCE, 500). % ms for all sessions together

-type question() :: {presence_to, Viewer :: jid:jid()} | {admits, [jid:jid()]}.

%% Those of them who are available, in their order.
-spec available(binary(), Viewer :: jid:jid(), [User :: binary()]) ->
	  [{User :: binary(), mod_subscription_requests_people_xml:show()}].
available(Host, Viewer, Users) ->
    Deadline = erlang:monotonic_time(millisecond) + ?PATIENCE,
    Sessions = [Session || User <- Users, {_, Session} <- ejabberd_sm:get_session_sids(User, Host)],
    Seen = [Presence || {_, _} = Presence <- ask(Sessions, {presence_to, Viewer}, Deadline)],
    Admitted = admitted(Viewer, [Address || {Address, _} <- Seen], Deadline),
    [{User, Show} || User <- Users,
		     Show <- [mod_subscription_requests_people_xml:most_available(
				[Resource || {#jid{luser = Of} = Address, Resource} <- Seen,
					     Of == User, lists:member(Address, Admitted)])],
		     Show /= none].

%% Of these resources those that the viewer does not block. If there is no such session, as when they have just left it, the
%% account's default list counts.
admitted(_Viewer, [], _Deadline) ->
    [];
admitted(#jid{luser = User, lserver = Host, lresource = Resource} = Viewer, Addresses, Deadline) ->
    case lists:member(Host, ejabberd_option:hosts()) andalso ejabberd_sm:get_session_pid(User, Host, Resource) of
	false -> Addresses;
	none -> admits(Viewer, Addresses);
	Session -> lists:append(ask([Session], {admits, Addresses}, Deadline))
    end.

%%%===================================================================
%%% Asking sessions
%%%===================================================================

%% What those say that reply until then.
-spec ask([pid()], question(), Deadline :: integer()) -> [term()].
ask(Sessions, Question, Deadline) ->
    Left = max(0, Deadline - erlang:monotonic_time(millisecond)),
    Asker = self(),
    Asking = [spawn_monitor(fun() -> Asker ! {self(), ejabberd_c2s:call(Session, {?CONNECTOR, Question}, Left)} end)
	      || Session <- Sessions],
    lists:append([reply(Process) || Process <- Asking]).

%% Each gives up by itself when the time is over.
reply({Pid, Monitor}) ->
    receive
	{Pid, Reply} ->
	    erlang:demonitor(Monitor, [flush]),
	    [Reply];
	{'DOWN', Monitor, process, _, _} ->
	    []
    end.

%%%===================================================================
%%% In the session's process
%%%===================================================================

-spec session_asked(State, term(), term()) -> State | {stop, State} when State :: #{jid := jid:jid(), _ => _}.
session_asked(State, {?CONNECTOR, Question}, From) ->
    ejabberd_c2s:reply(From, answer(Question, State)),
    {stop, State};
session_asked(State, _Request, _From) ->
    State.

%% Its users may be viewers, too.
-spec host_added(binary()) -> ok.
host_added(Host) ->
    ejabberd_hooks:add(c2s_handle_call, Host, ?MODULE, session_asked, 50).

answer({presence_to, Viewer}, #{jid := Address, pres_last := #presence{priority = Priority, show = Show}} = State) ->
    case admits(State, [Viewer]) of
	[_] -> {Address, {number(Priority), show(Show)}};
	[] -> none
    end;
answer({presence_to, _Viewer}, _State) ->
    none;
answer({admits, Addresses}, State) ->
    admits(State, Addresses).

number(undefined) -> 0;
number(Priority) -> Priority.

show(undefined) -> available;
show(Show) -> Show.

%% Those whose presence comes to this session or account, and who would get its presence.
admits(StateOrAddress, Addresses) ->
    case has_readable_lists(StateOrAddress) of
	true -> [Address || Address <- Addresses, admits_one(StateOrAddress, Address)];
	false -> []
    end.

admits_one(StateOrAddress, Other) ->
    Self = address(StateOrAddress),
    allows(StateOrAddress, #presence{from = Self, to = Other}, out)
	andalso allows(StateOrAddress, #presence{from = Other, to = Self}, in).

allows(StateOrAddress, Presence, Direction) ->
    #jid{lserver = Host} = address(StateOrAddress),
    allow == ejabberd_hooks:run_fold(privacy_check_packet, Host, allow, [StateOrAddress, Presence, Direction]).

%% mod_privacy takes one that cannot be read for none.
has_readable_lists(StateOrAddress) ->
    #jid{luser = User, lserver = Host} = address(StateOrAddress),
    not gen_mod:is_loaded(Host, mod_privacy)
	orelse lists:all(fun(Name) ->
				 case mod_privacy:get_user_list(User, Host, Name) of
				     {error, _} -> false;
				     _ -> true
				 end
			 end, [default | active_list(StateOrAddress)]).

active_list(#{privacy_active_list := Name}) when Name /= none -> [Name];
active_list(_) -> [].

address(#jid{} = Address) -> Address;
address(#{jid := Address}) -> Address.
