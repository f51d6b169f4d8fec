%%% A host's process. It decides when held requests are put to an entity and what becomes of them. It never waits:
%%% whatever may take long is done in processes that it starts. What it is told is listed in
%%% mod_subscription_requests_host.

-module(mod_subscription_requests_server).
-behaviour(gen_server).

-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2, code_change/3]).

-include("logger.hrl").
-include("mod_subscription_requests.hrl").

-define(ANSWER_LIFETIME, 60000). % ms in which an answer to an ask counts, though the user has the request by then
-define(ANSWERING_PATIENCE, 5000). % ms, beyond the time of a hold, in which a verdict is to be applied
-define(HINT_INTERVAL, 60000). % ms between two hints that requests have passed unanswered

-record(state, {host :: binary(),
		entities :: [jid:ljid()], % in the order in which they are asked
		monitors = #{} :: #{pid() => reference()}, % of connections, known or gone unavailable
		answering = #{} :: #{pid() => {reference(), key(), Id :: pos_integer()}}, % by whom verdicts are applied
		asks :: mod_subscription_requests_asks:asks(),
		wake :: undefined | {reference(), integer()},
		log_name :: undefined | jid:ljid(), % the entity that the log says is asked
		pending = #{} :: mod_subscription_requests_roster:pending(),
		waiting :: mod_subscription_requests_waiting:index(),
		missed = false :: boolean(), % requests have passed unanswered although an entity was connected
		hint_timer = false :: boolean(), % it is looked at again whether the entity is to be told of them
		last_hint :: undefined | integer(), % ms
		reports = #{} :: mod_subscription_requests_reports:reports()}).

%%%===================================================================
%%% gen_server
%%%===================================================================

-spec init([binary() | gen_mod:opts()]) -> {ok, #state{}}.
init([Host, Opts]) ->
    process_flag(trap_exit, true),
    _ = net_kernel:monitor_nodes(true),
    %% The table outlives this process: see below.
    _ = ets:info(holds(Host), name) == undefined
	andalso ets:new(holds(Host), [named_table, public, {keypos, #hold.key}, {read_concurrency, true},
				      {heir, erlang:group_leader(), none}]),
    %% What other nodes hold now they tell again; that some of it has ended nobody was there to hear.
    ets:select_delete(holds(Host), [{#hold{node = '$1', _ = '_'}, [{'/=', '$1', node()}], [true]}]),
    mod_subscription_requests_entities:new_table(Host),
    Entities = gen_mod:get_opt(entities, Opts),
    Index = mod_subscription_requests_waiting:new(Host, mod_subscription_requests_entities:random_id()),
    State = #state{host = Host, entities = Entities, asks = mod_subscription_requests_asks:new(), waiting = Index},
    State1 = lists:foldl(fun add_connection/2, State, mod_subscription_requests_entities:local_connections(Host)),
    mod_subscription_requests_roster:watch(Host),
    tell_peers({hello, node()}, State),
    %% They may be older than this process, and no news to anybody but the other nodes.
    [tell_peers({peer_connected, Connection}, State)
     || Connection <- mod_subscription_requests_entities:of_this_node(Host)],
    %% What is in the table was held by a process that has crashed: nobody else releases it.
    {ok, leave(own_holds(Host), State1)}.

-spec handle_call(mod_subscription_requests_host:call() | term(), {pid(), term()}, #state{}) ->
	  {reply, term(), #state{}} | {noreply, #state{}}.
handle_call({connected, Connection}, _From, State) ->
    tell_peers({peer_connected, Connection}, State),
    {reply, ok, add_connection(Connection, State)};
handle_call({claim, Key, Outcome}, {Pid, _}, State) when node(Pid) == node() ->
    claim(Key, Outcome, Pid, State);
handle_call({found, Keys}, _From, State) ->
    {reply, ok, lists:foldl(fun add_waiting/2, State, Keys)};
handle_call(known_list, _From, #state{waiting = Index} = State) ->
    {reply, mod_subscription_requests_waiting:known(Index), State};
handle_call(list, From, #state{host = Host, waiting = Index} = State) ->
    case mod_subscription_requests_waiting:ask(From, mod_subscription_requests_roster:is_told_all(Host), Index) of
	{later, Index1} -> {noreply, State#state{waiting = Index1}};
	{List, Index1} -> {reply, List, State#state{waiting = Index1}}
    end;
handle_call({peer, _, _} = Request, {Pid, _}, State) ->
    case mod_subscription_requests_host:from_peer(Request) of
	{ok, {claim, Key, Outcome}} -> claim(Key, Outcome, Pid, State);
	refused -> {reply, not_understood, report(other_version, State)};
	_ -> {reply, not_understood, report(strange_message, State)}
    end;
handle_call(_Request, _From, State) ->
    {reply, not_understood, report(strange_message, State)}.

%% Besides these, whatever nodes with another version of the connector send.
-spec handle_cast(mod_subscription_requests_host:notice() | term(), #state{}) -> {noreply, #state{}}.
handle_cast({held, Key, Id, IsWatched}, State) ->
    case find_hold(Key, State) of
	#hold{id = Id} = Hold -> {noreply, queue(Hold, IsWatched, State)};
	_ -> {noreply, State}
    end;
handle_cast(too_large, State) ->
    {noreply, report(too_large, State)};
handle_cast({passed, Key, Why}, State) ->
    tell_peers({peer_waits, Key}, State),
    State1 = add_new_waiting(Key, forget_pending(Key, State)),
    {noreply, case Why of
		  too_many -> missed(report(too_many, State1));
		  unasked -> State1
	      end};
handle_cast({withdrawn, Key, Before}, State) ->
    tell_peers({peer_withdrawn, Key}, State),
    %% What the waiting list has of it is looked up before it is listed; it may be another request by now.
    case find_hold(Key, State) of
	#hold{state = {answering, _}} -> {noreply, State};
	#hold{node = Node, id = Id} = Hold when Node == node(), Id < Before -> {noreply, end_hold(Hold, State)};
	_ -> {noreply, State}
    end;
handle_cast({user_removed, User}, State) ->
    tell_peers({peer_user_removed, User}, State),
    {noreply, remove_user(User, State)};
handle_cast({reply, AskId, Pid, Address, Answers}, #state{asks = Asks} = State) ->
    case mod_subscription_requests_asks:reply(AskId, Pid, Address, Asks) of
	{ok, Requests, Asks1} -> {noreply, ask_next(read_answers(Requests, Answers, State#state{asks = Asks1}))};
	not_asked -> {noreply, report(strange_reply, State)}
    end;
handle_cast({answered, Key, Id, Result}, State) ->
    case find_hold(Key, State) of
	#hold{id = Id, state = {answering, Pid}} = Hold ->
	    State1 = answering_ended(Pid, State),
	    {noreply, case Result of
			  failed -> leave([Hold], State1);
			  blocked -> add_waiting(Key, end_hold(Hold, State1));
			  _ -> end_hold(Hold, State1)
		      end};
	_ ->
	    {noreply, State}
    end;
handle_cast({unavailable, Pid}, State) ->
    tell_peers({peer_unavailable, Pid}, State),
    {noreply, connection_unavailable(Pid, State)};
handle_cast({ended, Pid}, State) ->
    tell_peers({peer_ended, Pid}, State),
    {noreply, connection_ended(Pid, State)};
handle_cast({gone, Key, Number}, #state{host = Host} = State) ->
    mod_subscription_requests_waiting:gone(Host, Key, Number),
    {noreply, State};

handle_cast({peer, _, _} = Message, State) ->
    case mod_subscription_requests_host:from_peer(Message) of
	{ok, Notice} -> {noreply, peer_tells(Notice, State)};
	refused -> {noreply, report(other_version, State)};
	stranger -> {noreply, report(strange_message, State)}
    end;
handle_cast(_Message, State) ->
    {noreply, report(strange_message, State)}.

-spec handle_info(term(), #state{}) -> {noreply, #state{}}.
handle_info({expired, Key, Id}, State) ->
    case find_hold(Key, State) of
	#hold{id = Id, state = {answering, Pid}} ->
	    erlang:send_after(?ANSWERING_PATIENCE, self(), {overdue, Key, Id, Pid}),
	    {noreply, State};
	#hold{id = Id} = Hold ->
	    {noreply, missed(leave([Hold], report(no_answer, State)))};
	_ ->
	    {noreply, State}
    end;
%% Its end is told, and the request left to the user then: never both.
handle_info({overdue, Key, Id, Pid}, State) ->
    case find_hold(Key, State) of
	#hold{id = Id, state = {answering, Pid}} -> exit(Pid, kill);
	_ -> true
    end,
    {noreply, State};
handle_info({mnesia_table_event, Event}, #state{host = Host, pending = Pending} = State) ->
    State1 = State#state{pending = mod_subscription_requests_roster:written(Event, Host, Pending)},
    {noreply, case mod_subscription_requests_roster:change(Event, Host) of
		  {waits, Key} -> add_waiting(Key, State1);
		  {gone, Key} -> remove_waiting(Key, State1);
		  nothing -> State1
	      end};
handle_info(wake, State) ->
    {noreply, ask_next(State#state{wake = undefined})};
handle_info({forget, AskId}, #state{asks = Asks} = State) ->
    {noreply, State#state{asks = mod_subscription_requests_asks:forget(AskId, Asks)}};
handle_info({report, What}, #state{reports = Reports} = State) ->
    {noreply, State#state{reports = mod_subscription_requests_reports:again(What, Reports)}};
handle_info(hint, State) ->
    {noreply, hint_if_over(State#state{hint_timer = false})};
handle_info({'DOWN', _Monitor, process, Pid, Reason}, #state{waiting = Index} = State) ->
    case mod_subscription_requests_waiting:built(Pid, Reason, Index) of
	{ok, Index1} -> {noreply, State#state{waiting = Index1}};
	another_process -> {noreply, answerer_ended(Pid, connection_ended(Pid, State))}
    end;
handle_info({nodeup, Node}, #state{host = Host} = State) ->
    mod_subscription_requests_host:is_peer(Node)
	andalso mod_subscription_requests_host:tell(Node, Host, {hello, node()}),
    {noreply, State};
handle_info({nodedown, Node}, State) ->
    {noreply, node_lost(Node, State)};
handle_info(_Message, State) ->
    {noreply, State}.

-spec terminate(term(), #state{}) -> ok.
terminate(_Reason, #state{host = Host} = State) ->
    Holds = own_holds(Host),
    [ets:delete(holds(Host), Key) || #hold{key = Key} <- Holds],
    mod_subscription_requests_act:deliver_now(Host, Holds),
    [tell_peers({peer_hold_ended, Key, Id, node()}, State) || #hold{key = Key, id = Id} <- Holds],
    ok.

-spec code_change(term(), #state{}, term()) -> {ok, #state{}}.
code_change(_OldVsn, State, _Extra) ->
    {ok, State}.

%%%===================================================================
%%% The same module on other nodes
%%%===================================================================

-spec peer_tells(mod_subscription_requests_host:peer_notice() | term(), #state{}) -> #state{}.
peer_tells({hello, Node}, #state{host = Host} = State) ->
    [mod_subscription_requests_host:tell(Node, Host, {peer_connected, Connection})
     || Connection <- mod_subscription_requests_entities:of_this_node(Host)],
    [mod_subscription_requests_host:tell(Node, Host, {peer_held, Hold#hold{element = undefined}})
     || Hold <- own_holds(Host)],
    State;
peer_tells({peer_connected, Connection}, State) ->
    insert_connection(Connection, State);
peer_tells({peer_unavailable, Pid}, State) ->
    connection_unavailable(Pid, State);
peer_tells({peer_ended, Pid}, State) ->
    connection_ended(Pid, State);
peer_tells({peer_held, #hold{key = Key} = Hold}, #state{host = Host} = State) ->
    ets:insert(holds(Host), Hold#hold{received = now_ms()}),
    remove_waiting(Key, State);
peer_tells({peer_hold_ended, Key, Id, Node}, #state{host = Host} = State) ->
    case find_hold(Key, State) of
	#hold{id = Id, node = Node} -> ets:delete(holds(Host), Key);
	_ -> ok
    end,
    State;
peer_tells({peer_waits, Key}, State) ->
    add_new_waiting(Key, State);
peer_tells({peer_withdrawn, Key}, #state{host = Host} = State) ->
    case find_hold(Key, State) of
	#hold{node = Node} when Node == node() ->
	    %% The nodes' ids have no common order, so that it has to be looked up again.
	    spawn(fun() -> mod_subscription_requests_act:withdraw(Host, Key) end),
	    State;
	_ ->
	    State
    end;
peer_tells({peer_user_removed, User}, State) ->
    remove_user(User, State);
peer_tells(Notice, State) when element(1, Notice) == answered; element(1, Notice) == reply ->
    {noreply, State1} = handle_cast(Notice, State),
    State1;
peer_tells(_Notice, State) ->
    report(strange_message, State).

%%%===================================================================
%%% Connections and nodes
%%%===================================================================

add_connection(#connection{pid = Pid} = Connection, #state{host = Host} = State) ->
    mod_subscription_requests_entities:is_known(Host, Pid)
	orelse mod_subscription_requests_entities:advertise(Host, Connection),
    insert_connection(Connection, State).

insert_connection(#connection{pid = Pid} = Connection, #state{host = Host, monitors = Monitors} = State) ->
    mod_subscription_requests_entities:insert(Host, Connection),
    case Monitors of
	#{Pid := _} -> State;
	_ -> State#state{monitors = Monitors#{Pid => erlang:monitor(process, Pid)}}
    end.

%% It is not asked any more, but may still answer what it was asked.
connection_unavailable(Pid, #state{host = Host} = State) ->
    mod_subscription_requests_entities:delete(Host, Pid),
    ask_next(State).

connection_ended(Pid, #state{host = Host, monitors = Monitors} = State) ->
    case maps:take(Pid, Monitors) of
	{Monitor, Others} ->
	    erlang:demonitor(Monitor, [flush]),
	    mod_subscription_requests_entities:delete(Host, Pid),
	    asks_lost(Pid, State#state{monitors = Others});
	error ->
	    State
    end.

%% What this connection was asked is asked again, or left to the users if there is no other.
asks_lost(Pid, #state{host = Host, asks = Asks} = State) ->
    {Lost, Asks1} = mod_subscription_requests_asks:lost(Pid, Asks),
    Again = [{Key, Id} || {Key, Id} <- Lost, #hold{id = Found} <- ets:lookup(holds(Host), Key), Found == Id],
    [ets:update_element(holds(Host), Key, {#hold.state, queued}) || {Key, _} <- Again],
    case mod_subscription_requests_entities:may_ask(Host) of
	true -> ask_next(State#state{asks = mod_subscription_requests_asks:ask_again(Again, Asks1)});
	false -> all_gone(State#state{asks = Asks1}) % what is in the queue is not held any more then
    end.

all_gone(#state{host = Host} = State) ->
    Holds = unanswered(own_holds(Host)),
    State1 = leave(Holds, State),
    case State1#state.log_name of
	undefined ->
	    State1;
	Name ->
	    ?INFO_MSG("Subscription requests are left to users: ~ts is gone (~B were waiting for its answer)",
		      [jid:encode(Name), length(Holds)]),
	    State1#state{log_name = undefined}
    end.

%% The lowest of the remaining nodes releases what the lost one held.
node_lost(Node, #state{host = Host} = State) ->
    Holds = holds_of(Node, Host),
    [ets:delete(holds(Host), Key) || #hold{key = Key} <- Holds],
    case {Holds, lists:min(lists:delete(Node, ejabberd_cluster:get_nodes()))} of
	{[], _} -> ok;
	{_, Lowest} when Lowest == node() -> mod_subscription_requests_act:start_deliveries(Host, Holds);
	_ -> ok
    end,
    State1 = lists:foldl(fun(#hold{key = Key}, Acc) -> add_waiting(Key, Acc) end, State, Holds),
    case Holds of
	[] -> State1;
	_ -> missed(State1)
    end.

tell_peers(Message, #state{host = Host}) -> mod_subscription_requests_host:tell_peers(Host, Message).

%%%===================================================================
%%% Asking
%%%===================================================================

queue(#hold{key = Key, id = Id, received = Received, element = Element} = Hold, IsWatched,
      #state{host = Host, asks = Asks, pending = Pending} = State) ->
    Item = case IsWatched of
	       true -> mod_subscription_requests_roster:written_item(Host, Key, Pending);
	       false -> none
	   end,
    Item == none orelse
	ets:update_element(holds(Host), Key, {#hold.element, mod_subscription_requests_xml:add_item(Item, Element)}),
    Left = max(0, Received + mod_subscription_requests_host:timeout(Host) - now_ms()),
    erlang:send_after(Left, self(), {expired, Key, Id}),
    tell_peers({peer_held, Hold#hold{element = undefined}}, State),
    State1 = hint_if_due(remove_waiting(Key, State)),
    ask_next(State1#state{asks = mod_subscription_requests_asks:add(Key, Id, Asks)}).

ask_next(#state{host = Host, asks = Asks} = State) ->
    Now = erlang:monotonic_time(microsecond),
    case mod_subscription_requests_asks:delay(Now, ets:info(holds(Host), size), Asks) of
	nothing_queued -> State;
	0 -> ask(next_connection(State), Now, State);
	Delay -> wake_in(Delay, Now, State)
    end.

next_connection(#state{host = Host, entities = Entities, asks = Asks}) ->
    mod_subscription_requests_entities:next(Host, Entities, mod_subscription_requests_asks:last_asked(Asks)).

wake_in(Delay, Now, #state{wake = Wake} = State) ->
    case Wake of
	{_, At} when At =< Now + Delay ->
	    State;
	{Timer, _} ->
	    _ = erlang:cancel_timer(Timer),
	    wake_in(Delay, Now, State#state{wake = undefined});
	undefined ->
	    State#state{wake = {erlang:send_after((Delay + 999) div 1000, self(), wake), Now + Delay}}
    end.

ask(none, Now, State) ->
    case take_queued(State) of
	{[], State1} -> State1;
	{Holds, State1} -> ask(none, Now, leave(Holds, State1))
    end;
ask(#connection{pid = Pid, address = Address} = Connection, Now, #state{host = Host} = State) ->
    {Holds, #state{asks = Asks1} = State1} = take_queued(State),
    case Holds of
	[] ->
	    State1;
	_ ->
	    Random = mod_subscription_requests_entities:random_id(),
	    AskId = <<?ASK_ID_PREFIX, (ejabberd_cluster:node_id())/binary, $-, Random/binary>>,
	    [ets:update_element(holds(Host), Key, {#hold.state, {asked, AskId}}) || #hold{key = Key} <- Holds],
	    Requests = mod_subscription_requests_xml:requests([Element || #hold{element = Element} <- Holds]),
	    mod_subscription_requests_entities:send(Pid, #iq{type = set, id = AskId, from = jid:make(Host),
							     to = jid:make(Address), sub_els = [Requests]}),
	    Lifetime = max(?ANSWER_LIFETIME, mod_subscription_requests_host:timeout(Host)),
	    erlang:send_after(Lifetime, self(), {forget, AskId}),
	    Asks2 = mod_subscription_requests_asks:sent(AskId, Connection, entries(Holds), Now, Asks1),
	    ask_next(log_name(Address, State1#state{asks = Asks2}))
    end.

log_name(Name, #state{log_name = Name} = State) ->
    State;
log_name(Name, State) ->
    ?INFO_MSG("Subscription requests are put to ~ts", [jid:encode(Name)]),
    State#state{log_name = Name}.

%% As many as one ask may have of those in the queue that are still queued, oldest first.
take_queued(#state{host = Host, asks = Asks} = State) ->
    {Holds, Asks1} = mod_subscription_requests_asks:take(
		       fun({Key, Id}) ->
			       [Hold || #hold{id = Found, state = queued} = Hold <- ets:lookup(holds(Host), Key),
					Found == Id]
		       end, Asks),
    {Holds, State#state{asks = Asks1}}.

entries(Holds) -> [{Key, Id} || #hold{key = Key, id = Id} <- Holds].

%%%===================================================================
%%% Answers and the ends of holds
%%%===================================================================

read_answers(Requests, Answers, #state{host = Host} = State) ->
    {Left, State1} =
	maps:fold(
	  fun(RequestId, {Key, Id, Became}, {Left, Acc}) ->
		  {Type, _} = Answer = maps:get(RequestId, Answers, {none, false}),
		  Label = maps:get({label, RequestId}, Answers, none),
		  IsVerdict = Type == subscribed orelse Type == unsubscribed,
		  case {Became, find_hold(Key, State)} of
		      {held, #hold{id = Id, state = {asked, _}} = Hold} when IsVerdict ->
			  Pid = spawn(fun() -> mod_subscription_requests_act:answer_held(Host, Hold, Answer, Label) end),
			  {Left, answering(Hold, Pid, Acc)};
		      {held, #hold{id = Id, state = {asked, _}} = Hold} ->
			  {[Hold | Left], Acc};
		      {left, _} when IsVerdict ->
			  spawn(fun() -> mod_subscription_requests_act:answer_waiting(Host, Key, Answer, Label) end),
			  {Left, Acc};
		      _ ->
			  {Left, Acc}
		  end
	  end, {[], State}, Requests),
    leave(Left, State1).

answering(#hold{key = Key, id = Id} = Hold, Pid, #state{host = Host, answering = Answering} = State) ->
    ets:update_element(holds(Host), Key, {#hold.state, {answering, Pid}}),
    take_from_ask(Hold, State#state{answering = Answering#{Pid => {erlang:monitor(process, Pid), Key, Id}}}).

answering_ended(Pid, #state{answering = Answering} = State) ->
    case maps:take(Pid, Answering) of
	{{Monitor, _, _}, Others} ->
	    erlang:demonitor(Monitor, [flush]),
	    State#state{answering = Others};
	error ->
	    State
    end.

%% Without a word on what has become of the request; that is looked up before it is delivered.
answerer_ended(Pid, #state{answering = Answering} = State) ->
    case Answering of
	#{Pid := {_, Key, Id}} ->
	    State1 = answering_ended(Pid, State),
	    case find_hold(Key, State1) of
		#hold{id = Id} = Hold -> leave([Hold], State1);
		_ -> State1
	    end;
	_ ->
	    State
    end.

claim(Key, Outcome, Pid, State) ->
    case find_hold(Key, State) of
	none -> {reply, not_held, State};
	#hold{state = {answering, _} = Answering} -> {reply, Answering, State};
	Hold when Outcome == answering -> {reply, {held, Hold}, answering(Hold, Pid, State)};
	Hold when Outcome == left -> {reply, {held, Hold}, leave([Hold], State)}
    end.

unanswered(Holds) -> [Hold || Hold <- Holds, not is_tuple(Hold#hold.state) orelse element(1, Hold#hold.state) == asked].

take_from_ask(#hold{state = {asked, AskId}, id = Id}, #state{asks = Asks} = State) ->
    State#state{asks = mod_subscription_requests_asks:decided(AskId, Id, Asks)};
take_from_ask(_Hold, State) ->
    State.

end_hold(#hold{key = Key, id = Id} = Hold, #state{host = Host} = State) ->
    ets:delete(holds(Host), Key),
    tell_peers({peer_hold_ended, Key, Id, node()}, State),
    take_from_ask(Hold, forget_pending(Key, State)).

leave([], State) ->
    State;
leave(Holds, #state{host = Host} = State) ->
    State1 = lists:foldl(
	       fun(#hold{key = Key, id = Id} = Hold, Acc) ->
		       ets:delete(holds(Host), Key),
		       tell_peers({peer_hold_ended, Key, Id, node()}, Acc),
		       tell_peers({peer_waits, Key}, Acc),
		       add_new_waiting(Key, mark_left(Hold, forget_pending(Key, Acc)))
	       end, State, Holds),
    mod_subscription_requests_act:start_deliveries(Host, Holds),
    State1.

mark_left(#hold{state = {asked, AskId}, key = Key, id = Id}, #state{asks = Asks} = State) ->
    State#state{asks = mod_subscription_requests_asks:left(AskId, Key, Id, Asks)};
mark_left(_Hold, State) ->
    State.

remove_user(User, #state{host = Host} = State) ->
    Holds = ets:match_object(holds(Host), #hold{key = {User, '_'}, node = node(), _ = '_'}),
    State1 = lists:foldl(fun end_hold/2, State, Holds),
    mod_subscription_requests_waiting:remove_user(Host, User),
    State1.

forget_pending(Key, #state{pending = Pending} = State) ->
    State#state{pending = mod_subscription_requests_roster:forget(Key, Pending)}.

add_new_waiting(Key, #state{waiting = Index} = State) ->
    State#state{waiting = mod_subscription_requests_waiting:add_new(Key, Index)}.

add_waiting(Key, #state{waiting = Index} = State) ->
    State#state{waiting = mod_subscription_requests_waiting:add(Key, Index)}.

remove_waiting(Key, #state{host = Host} = State) ->
    mod_subscription_requests_waiting:remove(Host, Key),
    State.

%%%===================================================================
%%% The table of holds
%%%===================================================================

holds(Host) -> mod_subscription_requests_host:holds(Host).

find_hold(Key, #state{host = Host}) ->
    case ets:lookup(holds(Host), Key) of
	[Hold] -> Hold;
	[] -> none
    end.

own_holds(Host) -> holds_of(node(), Host).

holds_of(Node, Host) -> ets:match_object(holds(Host), #hold{node = Node, _ = '_'}).

now_ms() -> erlang:monotonic_time(millisecond).

%%%===================================================================
%%% Trouble
%%%===================================================================

report(What, #state{reports = Reports} = State) ->
    State#state{reports = mod_subscription_requests_reports:add(What, Reports)}.

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
    IsFull = ets:info(holds(Host), size) >= mod_subscription_requests_host:max_held(Host),
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
    mod_subscription_requests_entities:hint(Host),
    State#state{missed = false, last_hint = now_ms()}.
