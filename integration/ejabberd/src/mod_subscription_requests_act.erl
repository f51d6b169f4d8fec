%%% Applies answers, by having the server's own code do what it does for a client of the user, and delivers requests
%%% that are left to their users. In processes that may wait for storage, never in the host's.

-module(mod_subscription_requests_act).

-export([answer_held/4, answer_waiting/3, withdraw/2]).
-export([start_deliveries/2, deliver_now/2]).
%% For the hooks that these actions run
-export([trial_is_admitted/0, answer_is_carried_out/0]).

-export_type([result/0, known/0]).

-include("logger.hrl").
-include("mod_subscription_requests.hrl").

-define(MAX_DELIVERIES, 100). % by one process

-type result() :: applied | not_pending | blocked | failed.
-type known() :: pending | unknown. % without a look at the roster

%%%===================================================================
%%% Answers
%%%===================================================================

%% The verdict on a request that is held, in state `answering`.
-spec answer_held(binary(), #hold{}, {verdict(), boolean()}, known()) -> result().
answer_held(Host, #hold{key = Key, id = Id, node = Node}, Answer, Known) ->
    Result = try act_as_user(Host, Key, Answer, Known)
	     catch Class:Reason:Stack ->
		     ?ERROR_MSG("Failed to apply an answer: ~p", [{Class, Reason, Stack}]),
		     failed
	     end,
    mod_subscription_requests_host:tell(Node, Host, {answered, Key, Id, Result}),
    Result.

%% An answer to what is pending, held or not. The checks come first, so that an answer that is not applied does
%% not end the hold.
-spec answer_waiting(binary(), key(), {verdict() | none, boolean()}) -> result().
answer_waiting(Host, Key, {Type, AskBack}) ->
    case mod_subscription_requests_roster:is_pending(Host, Key) andalso is_admitted(Host, Key) of
	false ->
	    not_pending;
	true when Type == none ->
	    _ = claim(Host, Key, left),
	    applied;
	true ->
	    case claim(Host, Key, answering) of
		{held, Hold} ->
		    answer_held(Host, Hold, {Type, AskBack}, unknown);
		not_held ->
		    Result = act_as_user(Host, Key, {Type, AskBack}, unknown),
		    withdraw(Host, Key),
		    Result
	    end
    end.

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

%% Would the server let this request in now? It is sent once more, through everything that may reject it, to see
%% whether it comes as far as our own hook: blocking does not clear what is pending, and other modules' rules
%% may have changed.
is_admitted(Host, Key) ->
    Trial = #presence{type = subscribe, from = mod_subscription_requests_xml:contact_jid(Key),
		      to = mod_subscription_requests_xml:user_jid(Host, Key),
		      meta = #{?CONNECTOR => trial, captcha => passed}}, % mod_block_strangers: do not ask them again
    put(?CONNECTOR, rejected),
    ejabberd_router:route(Trial),
    erase(?CONNECTOR) == admitted.

-spec trial_is_admitted() -> ok.
trial_is_admitted() ->
    put(?CONNECTOR, admitted),
    ok.

%% Does what ejabberd_c2s does with the stanza of a client of the user's, after a check that the request is pending.
%%
%% `subscribed` leaves before the roster is changed, because the change makes each of the user's sessions send
%% presence by itself, which would be there first (RFC 6121 section 3.1.5 has this order, too). Should storage fail in
%% between, the request is pending as before and the next answer puts both sides right. `unsubscribed` leaves
%% after it: a contact who is denied and asks again at once must not be taken for one who still waits.
act_as_user(Host, Key, {Verdict, AskBack}, Known) ->
    User = mod_subscription_requests_xml:user_jid(Host, Key),
    Contact = mod_subscription_requests_xml:contact_jid(Key),
    Answer = #presence{type = Verdict, from = User, to = Contact, meta = #{?CONNECTOR => verdict}},
    Request = #presence{type = subscribe, from = Contact, to = User},
    Pending = Known == pending orelse mod_subscription_requests_roster:is_pending(Host, Key),
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

privacy_allows(#presence{from = From, to = To} = Presence, Direction) ->
    Self = case Direction of in -> To; out -> From end,
    allow == ejabberd_hooks:run_fold(privacy_check_packet, Self#jid.lserver, allow, [Self, Presence, Direction]).

%% mod_roster does not say whether it could store the answer: its request is then no longer pending. Mnesia counts
%% what it commits and what it cannot. If nobody's transaction has failed meanwhile, ours has not, and there is no
%% need to look at the roster again.
change_roster(Host, Key, Answer) ->
    Counts = mod_subscription_requests_roster:transaction_counts(Host),
    erase(?CONNECTOR),
    ejabberd_hooks:run(roster_out_subscription, Host, [Answer]),
    IsStored = case {erase(?CONNECTOR), Counts, mod_subscription_requests_roster:transaction_counts(Host)} of
		   {carried_out, {Failed, Before}, {Failed, After}} when After > Before -> true;
		   _ -> not mod_subscription_requests_roster:is_pending(Host, Key)
	       end,
    case IsStored of
	true -> stored;
	false -> failed
    end.

-spec answer_is_carried_out() -> ok.
answer_is_carried_out() ->
    put(?CONNECTOR, carried_out),
    ok.

ask_back(Host, Key) ->
    case mod_subscription_requests_roster:subscription(Host, Key) of
	{Subscription, _} when Subscription == to; Subscription == both -> ok;
	{_, Ask} when Ask == out; Ask == both; Ask == subscribe -> ok;
	_ ->
	    Request = #presence{type = subscribe, from = mod_subscription_requests_xml:user_jid(Host, Key),
				to = mod_subscription_requests_xml:contact_jid(Key)},
	    ejabberd_hooks:run(roster_out_subscription, Host, [Request]),
	    ejabberd_router:route(Request)
    end.

%%%===================================================================
%%% Deliveries
%%%===================================================================

%% In the order of receipt, in processes of their own.
-spec start_deliveries(binary(), [#hold{}]) -> ok.
start_deliveries(Host, Holds) ->
    lists:foreach(fun(Some) -> spawn(fun() -> deliver_all(Host, Some) end) end, slices(Holds)).

%% Comes back when all are delivered.
-spec deliver_now(binary(), [#hold{}]) -> ok.
deliver_now(Host, Holds) ->
    Monitors = [element(2, spawn_monitor(fun() -> deliver_all(Host, Some) end)) || Some <- slices(Holds)],
    [receive {'DOWN', Monitor, process, _, _} -> ok end || Monitor <- Monitors],
    ok.

deliver_all(Host, Holds) ->
    [deliver(Host, Hold) || Hold <- Holds],
    ok.

slices(Holds) -> slices_on(lists:keysort(#hold.id, Holds)).

slices_on(Holds) when length(Holds) =< ?MAX_DELIVERIES -> [Holds];
slices_on(Holds) ->
    {Some, Rest} = lists:split(?MAX_DELIVERIES, Holds),
    [Some | slices_on(Rest)].

%% To the user's available resources, as ejabberd_sm does it.
deliver(Host, #hold{key = {User, _} = Key, presence = #presence{to = To, meta = Meta} = Presence}) ->
    IsPending = try mod_subscription_requests_roster:is_pending(Host, Key)
		catch _:_ -> true % storage fails: better a prompt too many
		end,
    case IsPending andalso privacy_allows(Presence, in) of
	true ->
	    [begin
		 Resource = jid:replace_resource(To, Name),
		 Delivered = Presence#presence{to = Resource, meta = Meta#{?CONNECTOR => delivered}},
		 ejabberd_sm:route(Resource, {route, Delivered})
	     end || {_Priority, Name} <- ejabberd_sm:get_user_present_resources(User, Host)],
	    ok;
	false ->
	    ok
    end.
