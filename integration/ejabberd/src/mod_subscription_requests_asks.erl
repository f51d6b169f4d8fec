%%% The queue of held requests, and the asks that were sent and not yet replied to. Pure: the caller sends, stores and
%%% has the clock. Times are in us.

-module(mod_subscription_requests_asks).

-export([new/0, add/3, take/2, delay/3, sent/5, last_asked/1]).
-export([reply/4, forget/2, lost/2, ask_again/2, decided/3, left/4]).

-export_type([asks/0, entry/0, requests/0]).

-include("mod_subscription_requests.hrl").

-define(GAP, 5000). % between two asks under load: a batch gathers, and nobody notices the delay
-define(PATIENCE, 500000). % until the next ask no longer waits for the answer to this one
-define(MAX_SIZE, 100). % requests in one ask

-type entry() :: {key(), Id :: pos_integer()}.
%% What an ask is about, by the ids that the entity sees; left: the user has the request by now.
-type requests() :: #{binary() => {key(), Id :: pos_integer(), held | left}}.

-record(ask, {pid :: pid(),
	      address :: jid:ljid(),
	      sent :: integer(),
	      requests :: requests()}).

-record(asks, {queue = queue:new() :: queue:queue(entry()),
	       unanswered = #{} :: #{binary() => #ask{}},
	       in_flight :: undefined | binary(), % the last, unless it is not among the unanswered any more
	       last_sent :: undefined | integer(),
	       last_size = 0 :: non_neg_integer(),
	       last_asked :: undefined | pid()}).

-opaque asks() :: #asks{}.

-spec new() -> asks().
new() -> #asks{}.

%%%===================================================================
%%% The queue
%%%===================================================================

-spec add(key(), pos_integer(), asks()) -> asks().
add(Key, Id, #asks{queue = Queue} = Asks) -> Asks#asks{queue = queue:in({Key, Id}, Queue)}.

%% Takes the oldest, as much as fits into one ask. What is not found is not queued any more, and goes.
-spec take(fun((entry()) -> [Found]), asks()) -> {[Found], asks()}.
take(Find, Asks) -> take(Find, ?MAX_SIZE, [], Asks).

take(_Find, 0, Taken, Asks) ->
    {lists:reverse(Taken), Asks};
take(Find, Room, Taken, #asks{queue = Queue} = Asks) ->
    case queue:out(Queue) of
	{{value, Entry}, Rest} ->
	    case Find(Entry) of
		[Found] -> take(Find, Room - 1, [Found | Taken], Asks#asks{queue = Rest});
		[] -> take(Find, Room, Taken, Asks#asks{queue = Rest})
	    end;
	{empty, _} ->
	    {lists:reverse(Taken), Asks}
    end.

%% Time until what is queued may be asked: one ask at a time, and with a gap in between when requests come faster than
%% they are answered one by one. With this many requests held.
-spec delay(Now :: integer(), Held :: non_neg_integer(), asks()) -> integer() | nothing_queued.
delay(Now, Held, #asks{queue = Queue} = Asks) ->
    case queue:is_empty(Queue) of
	true -> nothing_queued;
	false -> delay_of_queued(Now, Held, Asks)
    end.

delay_of_queued(Now, Held, #asks{unanswered = Unanswered, in_flight = InFlight, last_sent = LastSent} = Asks) ->
    Gap = case LastSent /= undefined andalso is_loaded(Held, Asks) of
	      true -> LastSent + ?GAP - Now;
	      false -> 0
	  end,
    Patience = case Unanswered of
		   #{InFlight := #ask{sent = Sent}} -> Sent + ?PATIENCE - Now;
		   _ -> 0
	       end,
    max(0, max(Gap, Patience)).

%% Where storage is slow, requests arrive one by one however many are under way. One after the other is no load,
%% though the next may be here before the roster of the last is stored.
is_loaded(Held, #asks{queue = Queue, last_size = Size}) ->
    Size > 1 orelse not queue:is_empty(queue:drop(Queue)) orelse Held > 2.

%%%===================================================================
%%% Asks
%%%===================================================================

-spec sent(AskId :: binary(), #connection{}, [entry()], Now :: integer(), asks()) -> asks().
sent(AskId, #connection{pid = Pid, address = Address}, Entries, Now, #asks{unanswered = Unanswered} = Asks) ->
    Requests = maps:from_list([{mod_subscription_requests_xml:request_id(Id), {Key, Id, held}}
			       || {Key, Id} <- Entries]),
    Ask = #ask{pid = Pid, address = Address, sent = Now, requests = Requests},
    Asks#asks{unanswered = Unanswered#{AskId => Ask}, in_flight = AskId, last_sent = Now, last_size = length(Entries),
	      last_asked = Pid}.

-spec last_asked(asks()) -> undefined | pid().
last_asked(#asks{last_asked = Pid}) -> Pid.

%% Counts from the connection that was asked only.
-spec reply(AskId :: binary(), pid(), jid:ljid(), asks()) -> {ok, requests(), asks()} | not_asked.
reply(AskId, Pid, Address, #asks{unanswered = Unanswered} = Asks) ->
    case Unanswered of
	#{AskId := #ask{pid = Pid, address = Address, requests = Requests}} -> {ok, Requests, forget(AskId, Asks)};
	_ -> not_asked
    end.

-spec forget(AskId :: binary(), asks()) -> asks().
forget(AskId, #asks{unanswered = Unanswered} = Asks) ->
    Asks#asks{unanswered = maps:remove(AskId, Unanswered)}.

%% The connection has ended: what it was asked and has not answered.
-spec lost(pid(), asks()) -> {[entry()], asks()}.
lost(Pid, #asks{unanswered = Unanswered} = Asks) ->
    Lost = [{AskId, Requests}
	    || {AskId, #ask{pid = Asked, requests = Requests}} <- maps:to_list(Unanswered), Asked == Pid],
    {[{Key, Id} || {_, Requests} <- Lost, {Key, Id, held} <- maps:values(Requests)],
     lists:foldl(fun({AskId, _}, Acc) -> forget(AskId, Acc) end, Asks, Lost)}.

%% Before all that is queued, and without a gap.
-spec ask_again([entry()], asks()) -> asks().
ask_again(Entries, #asks{queue = Queue} = Asks) ->
    Asks#asks{queue = queue:join(queue:from_list(lists:keysort(2, Entries)), Queue), last_sent = undefined}.

%% A request has been decided without this ask.
-spec decided(AskId :: binary(), Id :: pos_integer(), asks()) -> asks().
decided(AskId, Id, Asks) ->
    RequestId = mod_subscription_requests_xml:request_id(Id),
    change(AskId, fun(Requests) -> maps:remove(RequestId, Requests) end, Asks).

%% A request has been left to its user. The entity's answer still counts when it comes late.
-spec left(AskId :: binary(), key(), Id :: pos_integer(), asks()) -> asks().
left(AskId, Key, Id, Asks) ->
    RequestId = mod_subscription_requests_xml:request_id(Id),
    change(AskId, fun(Requests) -> Requests#{RequestId => {Key, Id, left}} end, Asks).

change(AskId, Change, #asks{unanswered = Unanswered} = Asks) ->
    case Unanswered of
	#{AskId := #ask{requests = Requests} = Ask} ->
	    Asks#asks{unanswered = Unanswered#{AskId := Ask#ask{requests = Change(Requests)}}};
	_ ->
	    Asks
    end.
