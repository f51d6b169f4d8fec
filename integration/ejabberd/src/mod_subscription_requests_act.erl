%%% Applies answers, by having the server's own code do what it does for a client of the user, and delivers requests
%%% that are left to their users. In processes that may wait for storage, never in the host's.

-module(mod_subscription_requests_act).

-export([answer_held/4, answer_waiting/4, withdraw/2, clear_if_stale/2, may_be_listed/2]).
-export([start_deliveries/2, deliver_now/2]).
-export([revoke/3]).
%% For the hooks that these actions run
-export([trial_is_admitted/0, denial_arrives/1, approval_arrives/1, revocation_arrives/2]).

-export_type([result/0]).

-include("logger.hrl").
-include("mod_subscription_requests.hrl").

-define(MAX_DELIVERIES, 100). % by one process
-define(ANSWERING_PATIENCE, 5000). % ms in which a verdict that is being applied may come to its end

-type result() :: applied | not_pending | blocked | failed.

%%%===================================================================
%%% Answers
%%%===================================================================

%% The verdict on a request that is held, in state `answering`.
-spec answer_held(binary(), #hold{}, {verdict(), boolean()}, label()) -> result().
answer_held(Host, #hold{key = Key, id = Id, node = Node}, Answer, Label) ->
    Result = try act_as_user(Host, Key, Answer, Label)
	     catch Class:Reason:Stack ->
		     ?ERROR_MSG("Failed to apply an answer: ~p", [{Class, Reason, Stack}]),
		     failed
	     end,
    mod_subscription_requests_host:tell(Node, Host, {answered, Key, Id, Result}),
    Result.

%% An answer to what is pending, held or not. The checks come first, so that an answer that is not applied does
%% not end the hold.
-spec answer_waiting(binary(), key(), {verdict() | none, boolean()}, label()) -> result().
answer_waiting(Host, Key, Answer, Label) ->
    case mod_subscription_requests_roster:request(Host, Key) of
	{pending, _} ->
	    case is_admitted(Host, Key) of
		true -> answer_admitted(Host, Key, Answer, Label);
		false -> not_pending
	    end;
	stale ->
	    mod_subscription_requests_roster:clear(Host, Key),
	    withdraw(Host, Key),
	    not_pending;
	none ->
	    not_pending
    end.

answer_admitted(Host, Key, {Type, _} = Answer, Label) ->
    case claim(Host, Key, case Type of none -> left; _ -> answering end) of
	{answering, Pid} -> % what was looked at is changing
	    await_end(Pid, infinity), % the host's process sees to it that it ends
	    answer_waiting(Host, Key, Answer, Label);
	not_understood ->
	    failed; % held by a node with another version
	_ when Type == none ->
	    applied;
	{held, Hold} ->
	    answer_held(Host, Hold, Answer, Label);
	not_held ->
	    Result = one_at_a_time(Host, Key, fun() -> act_as_user(Host, Key, Answer, Label) end),
	    withdraw(Host, Key),
	    Result
    end.

%% What is held has its claim. Two verdicts on a request that waits would both find it pending, on whichever nodes they
%% arrive.
one_at_a_time(Host, Key, Act) -> global:trans({{?CONNECTOR, Host, Key}, self()}, Act, ejabberd_cluster:get_nodes()).

claim(Host, Key, Outcome) ->
    case ets:lookup(mod_subscription_requests_host:holds(Host), Key) of
	[#hold{node = Node}] -> mod_subscription_requests_host:call(Node, Host, {claim, Key, Outcome});
	[] -> not_held
    end.

%% Ends a hold that is older than the check that its request is not pending any more.
-spec withdraw(binary(), key()) -> ok.
withdraw(Host, Key) ->
    Before = erlang:unique_integer([positive, monotonic]),
    mod_subscription_requests_roster:is_pending(Host, Key)
	orelse mod_subscription_requests_host:tell(Host, {withdrawn, Key, Before}),
    ok.

-spec clear_if_stale(binary(), key()) -> boolean().
clear_if_stale(Host, Key) ->
    case mod_subscription_requests_roster:request(Host, Key) of
	stale ->
	    mod_subscription_requests_roster:clear(Host, Key),
	    true;
	_ ->
	    false
    end.

%% Would the server let this request in now? It is sent once more, through everything that may reject it, to see
%% whether it comes as far as our own hook: blocking does not clear what is pending, and other modules' rules
%% may have changed.
is_admitted(Host, Key) ->
    Trial = #presence{type = subscribe, from = mod_subscription_requests_xml:contact_jid(Key),
		      to = mod_subscription_requests_xml:user_jid(Host, Key),
		      meta = #{?CONNECTOR => trial, captcha => passed}}, % mod_block_strangers: do not ask them again
    in_new_process(fun() ->
			   ejabberd_router:route(Trial),
			   get(?CONNECTOR) == admitted
		   end).

%% Whether the waiting list is to have this request: what is certain to be refused has no place there.
-spec may_be_listed(binary(), key()) -> boolean().
may_be_listed(Host, {User, _} = Key) ->
    (ejabberd_auth:user_exists(User, Host) orelse mod_subscription_requests_accounts:exists(Host, User) /= false) andalso
	privacy_allows(#presence{type = subscribe, from = mod_subscription_requests_xml:contact_jid(Key),
				 to = mod_subscription_requests_xml:user_jid(Host, Key)}, in).

-spec trial_is_admitted() -> ok.
trial_is_admitted() ->
    put(?CONNECTOR, admitted),
    ok.

%% Does what ejabberd_c2s does with the stanza of a client of the user's. Whether the request is pending is looked at
%% when all else is done, as the roster is changed: see denial_arrives/1 and approval_arrives/1.
act_as_user(Host, Key, {Verdict, AskBack}, Label) ->
    User = mod_subscription_requests_xml:user_jid(Host, Key),
    Contact = mod_subscription_requests_xml:contact_jid(Key),
    Answer = #presence{type = Verdict, from = User, to = Contact, meta = #{?CONNECTOR => verdict}},
    Request = #presence{type = subscribe, from = Contact, to = User},
    Allowed = acl:match_rule(Host, gen_mod:get_module_opt(Host, mod_roster, access), User) == allow,
    Open = privacy_allows(Request, in) andalso privacy_allows(Answer, out),
    if not Allowed -> failed;
       not Open -> blocked;
       true ->
	    case change_roster(Host, Key, Answer) of
		applied ->
		    Verdict == unsubscribed andalso ejabberd_router:route(Answer),
		    Verdict == subscribed andalso Label /= none andalso label(Host, Key, Label),
		    AskBack andalso Verdict == subscribed andalso ask_back(Host, Key),
		    applied;
		Other ->
		    Other
	    end
    end.

%% After the approval, which stands whatever comes of this (S105).
label(Host, Key, Label) ->
    try mod_subscription_requests_roster:label(Host, Key, Label)
    catch Class:Reason:Stack -> ?ERROR_MSG("Failed to name a contact: ~p", [{Class, Reason, Stack}])
    end.

%% In a process of its own: mod_pres_counter counts in the dictionary of the process that asks, and after a few it would
%% refuse whomever it is asked about.
privacy_allows(#presence{from = From, to = To} = Presence, Direction) ->
    Self = case Direction of in -> To; out -> From end,
    allow == in_new_process(
	       fun() ->
		       ejabberd_hooks:run_fold(privacy_check_packet, Self#jid.lserver, allow, [Self, Presence, Direction])
	       end).

in_new_process(Function) ->
    Caller = self(),
    {Pid, Monitor} = spawn_monitor(fun() -> Caller ! {self(), Function()} end),
    receive
	{Pid, Value} ->
	    erlang:demonitor(Monitor, [flush]),
	    Value;
	{'DOWN', Monitor, process, _, Reason} ->
	    exit(Reason)
    end.

%% mod_roster says neither whether the request was still pending nor whether it could store the answer.
change_roster(Host, Key, Answer) ->
    erase(?CONNECTOR),
    %% mod_shared_roster comes before mod_roster. It passes nothing on of contacts in a shared group.
    Groups = mod_subscription_requests_roster:has_shared_groups(Host),
    case Groups andalso mod_subscription_requests_roster:request(Host, Key) of
	stale -> put(?CONNECTOR, stale);
	_ -> ejabberd_hooks:run(roster_out_subscription, Host, [Answer])
    end,
    case erase(?CONNECTOR) of
	denied ->
	    applied;
	approving ->
	    case mod_subscription_requests_roster:after_approval(Host, Key) of
		approved -> applied;
		pending -> failed;
		none -> not_pending % withdrawn meanwhile
	    end;
	stale ->
	    mod_subscription_requests_roster:clear(Host, Key),
	    not_pending;
	failed ->
	    failed;
	_ ->
	    not_pending
    end.

%% A denial is carried out here, in place of all that comes after it: mod_shared_roster (30) of 23.01 to 25.10 makes
%% `unsubscribe`s in both directions of it, and so mod_roster (50) would find nothing to deny. It leaves when it is stored:
%% a contact who is denied and asks again at once must not be taken for one who still waits.
-spec denial_arrives(presence()) -> ok | stop.
denial_arrives(#presence{type = unsubscribed, from = User, to = Contact} = Answer) ->
    put(?CONNECTOR, failed), % unless this comes to its end
    Key = mod_subscription_requests_xml:key(User, Contact),
    put(?CONNECTOR, mod_subscription_requests_roster:deny(User#jid.lserver, Key, Answer)),
    stop;
denial_arrives(_Answer) ->
    ok.

%% As mod_roster (50) is about to carry out an approval, or not if its request is not pending any more.
%%
%% `subscribed` leaves before the roster is changed, because the change makes each of the user's sessions send
%% presence by itself, which would be there first (RFC 6121 section 3.1.5 has this order, too). Should storage fail in
%% between, the request is pending as before and the next answer puts both sides right. That takes a while, in which the
%% contact may withdraw; what mod_roster then made of `subscribed` would be an approval that nobody has asked for.
-spec approval_arrives(presence()) -> ok | stop.
approval_arrives(#presence{type = subscribed, from = User, to = Contact} = Answer) ->
    Host = User#jid.lserver,
    Key = mod_subscription_requests_xml:key(User, Contact),
    put(?CONNECTOR, failed), % unless this comes to its end
    Request = mod_subscription_requests_roster:request(Host, Key),
    Latest = case Request of
		 {pending, State} ->
		     ejabberd_router:route(Answer),
		     case mod_subscription_requests_roster:heeds_unasked_approval(State) of
			 true -> mod_subscription_requests_roster:request(Host, Key);
			 false -> Request
		     end;
		 _ ->
		     Request
	     end,
    case Latest of
	{pending, _} ->
	    put(?CONNECTOR, approving),
	    ok;
	_ ->
	    put(?CONNECTOR, Latest),
	    stop
    end.

ask_back(Host, Key) ->
    case mod_subscription_requests_roster:asks_for_contact(Host, Key) of
	true -> ok;
	false ->
	    Request = #presence{type = subscribe, from = mod_subscription_requests_xml:user_jid(Host, Key),
				to = mod_subscription_requests_xml:contact_jid(Key)},
	    ejabberd_hooks:run(roster_out_subscription, Host, [Request]),
	    ejabberd_router:route(Request)
    end.

%%%===================================================================
%%% Revocations
%%%===================================================================

%% Cancels the contact's subscription as the user, if the item is the one that is meant. Not asked of the user's blocks: they
%% keep the contact from seeing the user, as this does. `unsubscribed` leaves when it is stored, as a denial. In a process of its
%% own: see privacy_allows/2, of which the way to a contact's roster is another case.
-spec revoke(binary(), key(), fun((approval()) -> boolean())) -> revoked | changed | failed.
revoke(Host, Key, IsMeant) ->
    User = mod_subscription_requests_xml:user_jid(Host, Key),
    Cancellation = #presence{type = unsubscribed, from = User, to = mod_subscription_requests_xml:contact_jid(Key)},
    case acl:match_rule(Host, gen_mod:get_module_opt(Host, mod_roster, access), User) of
	allow ->
	    in_new_process(fun() -> one_at_a_time(Host, Key, fun() -> revoke(Host, Key, IsMeant, Cancellation) end) end);
	_ -> failed
    end.

revoke(Host, Key, IsMeant, Cancellation) ->
    erase(?CONNECTOR),
    ejabberd_hooks:run(roster_out_subscription, Host, [Cancellation#presence{meta = #{?CONNECTOR => {revoking, IsMeant}}}]),
    case erase(?CONNECTOR) of
	revoked ->
	    ejabberd_router:route(Cancellation),
	    withdraw(Host, Key),
	    revoked;
	changed ->
	    changed;
	_ ->
	    failed % or somebody has stopped it before it came here
    end.

%% As denial_arrives/1, and for the same reason: mod_shared_roster would end the other direction as well.
-spec revocation_arrives(presence(), fun((approval()) -> boolean())) -> stop.
revocation_arrives(#presence{from = User, to = Contact} = Cancellation, IsMeant) ->
    put(?CONNECTOR, failed), % unless this comes to its end
    Key = mod_subscription_requests_xml:key(User, Contact),
    put(?CONNECTOR, mod_subscription_requests_roster:cancel(User#jid.lserver, Key, IsMeant, Cancellation#presence{meta = #{}})),
    stop.

%%%===================================================================
%%% Deliveries
%%%===================================================================

%% In the order of receipt, in processes of their own.
-spec start_deliveries(binary(), [#hold{}]) -> ok.
start_deliveries(Host, Holds) ->
    lists:foreach(fun(Some) -> spawn(fun() -> deliver_all(Host, Some) end) end, portions(Holds)).

%% Comes back when all are delivered.
-spec deliver_now(binary(), [#hold{}]) -> ok.
deliver_now(Host, Holds) ->
    Monitors = [element(2, spawn_monitor(fun() -> deliver_all(Host, Some) end)) || Some <- portions(Holds)],
    [receive {'DOWN', Monitor, process, _, _} -> ok end || Monitor <- Monitors],
    ok.

deliver_all(Host, [#hold{state = {answering, Pid}} = Hold]) ->
    await_end(Pid, ?ANSWERING_PATIENCE),
    deliver(Host, Hold);
deliver_all(Host, Holds) ->
    lists:foreach(fun(Hold) -> deliver(Host, Hold) end, Holds).

%% Of two verdicts one is applied, and of a verdict and a delivery one is done.
await_end(Pid, Patience) ->
    Monitor = erlang:monitor(process, Pid),
    receive
	{'DOWN', Monitor, process, _, _} -> ok
    after Patience ->
	    exit(Pid, kill),
	    receive {'DOWN', Monitor, process, _, _} -> ok end
    end.

%% One that is being answered is waited for, and so does not keep others waiting.
portions(Holds) ->
    {Answering, Others} = lists:partition(fun(#hold{state = State}) -> is_answering(State) end, Holds),
    [[Hold] || Hold <- Answering] ++ slices_on(lists:keysort(#hold.id, Others)).

is_answering({answering, _}) -> true;
is_answering(_) -> false.

slices_on(Holds) when length(Holds) =< ?MAX_DELIVERIES -> [Holds];
slices_on(Holds) ->
    {Some, Rest} = lists:split(?MAX_DELIVERIES, Holds),
    [Some | slices_on(Rest)].

%% To the user's available resources, as ejabberd_sm does it. Whether the user blocks the contact now is looked at by the
%% process of each session.
deliver(Host, #hold{key = {User, _} = Key, presence = #presence{to = To, meta = Meta} = Presence}) ->
    Request = try mod_subscription_requests_roster:request(Host, Key)
	      catch _:_ -> unknown % storage fails: better a prompt too many
	      end,
    case Request of
	none ->
	    ok;
	stale ->
	    mod_subscription_requests_roster:clear(Host, Key);
	_ ->
	    [begin
		 Resource = jid:replace_resource(To, Name),
		 Delivered = Presence#presence{to = Resource, meta = Meta#{?CONNECTOR => delivered}},
		 ejabberd_sm:route(Resource, {route, Delivered})
	     end || {_Priority, Name} <- ejabberd_sm:get_user_present_resources(User, Host)],
	    ok
    end.
