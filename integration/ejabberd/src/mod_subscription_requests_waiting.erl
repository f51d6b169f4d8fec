%%% The index of the waiting list. The rosters are the truth. The index has every request that is pending and not held;
%%% whatever else it has is found out when a page is made. It is built when the list is first asked for.
%%%
%%% Two rows for each request: by number, which is the order of the list, and by key. Entries keep their numbers as
%%% long as the list is known. Only the host's process writes; everybody reads.

-module(mod_subscription_requests_waiting).

%% In the host's process
-export([new/2, ask/3, known/1, built/3, add/2, add_new/2, remove/2, remove_user/2, gone/3]).
%% In any
-export([entries/3, count/2]).

-export_type([index/0, entries/0, reply/0]).

-include("mod_subscription_requests.hrl").

-define(TRUST, 600000). % ms in which rosters are not read again of whose changes not all are told

-record(index, {host :: binary(),
		state = none :: none | {building, pid(), [{pid(), term()}]} | {ready, Since :: integer()},
		last = 0 :: non_neg_integer(),
		tag :: binary()}).

-opaque index() :: #index{}.
-type reply() :: {ok, Tag :: binary(), Last :: non_neg_integer()} | error.
%% What waits after a number.
-type entries() :: fun(() -> none | {Number :: pos_integer(), key(), entries()}).

%% The tag tells ids of this list from those of another, as before a restart.
-spec new(binary(), Tag :: binary()) -> index().
new(Host, Tag) ->
    _ = ets:new(table(Host), [named_table, protected, ordered_set]),
    #index{host = Host, tag = Tag}.

%% Replies at once, or when the index is built. A row that is written otherwise than by a request, as from a backup, is
%% found by what the database tells, or when the rosters are read again.
-spec ask({pid(), term()}, IsToldAll :: boolean(), index()) -> {reply() | later, index()}.
ask(From, IsToldAll, #index{state = {ready, Since}} = Index) ->
    case IsToldAll orelse erlang:monotonic_time(millisecond) - Since < ?TRUST of
	true -> {{ok, Index#index.tag, Index#index.last}, Index};
	false -> build(From, Index)
    end;
ask(From, _IsToldAll, #index{state = {building, Pid, Waiting}} = Index) ->
    {later, Index#index{state = {building, Pid, [From | Waiting]}}};
ask(From, _IsToldAll, #index{state = none} = Index) ->
    build(From, Index).

build(From, #index{host = Host} = Index) ->
    Found = fun(Keys) -> mod_subscription_requests_host:call(Host, {found, Keys}) end,
    {Pid, _} = spawn_monitor(fun() -> mod_subscription_requests_roster:walk(Host, Found) end),
    {later, Index#index{state = {building, Pid, [From]}}}.

%% Without reading rosters.
-spec known(index()) -> {Tag :: binary(), Last :: non_neg_integer(), Count :: non_neg_integer()} | unknown.
known(#index{state = {ready, _}, host = Host, tag = Tag, last = Last}) -> {Tag, Last, count(Host, all)};
known(_Index) -> unknown.

%% A process has ended.
-spec built(pid(), Reason :: term(), index()) -> {ok, index()} | another_process.
built(Pid, Reason, #index{state = {building, Pid, Waiting}} = Index) ->
    {Reply, State} = case Reason of
			 normal ->
			     Now = erlang:monotonic_time(millisecond),
			     {{ok, Index#index.tag, Index#index.last}, {ready, Now}};
			 _ -> {error, none}
		     end,
    [gen_server:reply(From, Reply) || From <- Waiting],
    {ok, Index#index{state = State}};
built(_Pid, _Reason, _Index) ->
    another_process.

-spec add(key(), index()) -> index().
add(_Key, #index{state = none} = Index) ->
    Index;
add(Key, #index{host = Host, last = Last} = Index) ->
    case ets:member(mod_subscription_requests_host:holds(Host), Key)
	orelse not ets:insert_new(table(Host), {{by_key, Key}, Last + 1}) of
	true ->
	    Index;
	false ->
	    ets:insert(table(Host), {{by_number, Last + 1}, Key}),
	    Index#index{last = Last + 1}
    end.

%% A request that has just come: whoever has found that an earlier one of this contact is gone does not mean this one.
-spec add_new(key(), index()) -> index().
add_new(_Key, #index{state = none} = Index) ->
    Index;
add_new(Key, #index{host = Host} = Index) ->
    remove(Host, Key),
    add(Key, Index).

-spec remove(binary(), key()) -> ok.
remove(Host, Key) ->
    case ets:take(table(Host), {by_key, Key}) of
	[{_, Number}] -> ets:delete(table(Host), {by_number, Number});
	[] -> true
    end,
    ok.

-spec remove_user(binary(), User :: binary()) -> ok.
remove_user(Host, User) ->
    [remove(Host, {User, Contact}) || [Contact] <- ets:match(table(Host), {{by_key, {User, '$1'}}, '_'})],
    ok.

%% This entry is not pending any more, as the roster says.
-spec gone(binary(), key(), pos_integer()) -> ok.
gone(Host, Key, Number) ->
    case ets:lookup(table(Host), {by_number, Number}) of
	[{_, Key}] -> remove(Host, Key);
	_ -> ok
    end.

-spec entries(binary(), User :: all | binary(), non_neg_integer()) -> entries().
entries(Host, all, Number) ->
    fun() ->
	    case ets:next(table(Host), {by_number, Number}) of
		{by_number, Next} = Place ->
		    case ets:lookup(table(Host), Place) of
			[{_, Key}] -> {Next, Key, entries(Host, all, Next)};
			[] -> (entries(Host, all, Next))()
		    end;
		_ ->
		    none
	    end
    end;
entries(Host, User, Number) ->
    Found = ets:match(table(Host), {{by_key, {User, '$1'}}, '$2'}),
    in_turn(lists:sort([{N, {User, Contact}} || [Contact, N] <- Found, N > Number])).

in_turn([]) -> fun() -> none end;
in_turn([{Number, Key} | Rest]) -> fun() -> {Number, Key, in_turn(Rest)} end.

-spec count(binary(), User :: all | binary()) -> non_neg_integer().
count(Host, all) -> ets:info(table(Host), size) div 2;
count(Host, User) -> length(ets:match(table(Host), {{by_key, {User, '$1'}}, '_'})).

table(Host) -> mod_subscription_requests_host:waiting(Host).
