-module(mod_subscription_requests_asks_tests).

-include_lib("eunit/include/eunit.hrl").
-include("mod_subscription_requests.hrl").

-import(mod_subscription_requests_asks, [new/0, add/3, take/2, delay/3, sent/5, last_asked/1,
					 reply/4, forget/2, lost/2, ask_again/2, decided/3, left/4]).

-define(ADDRESS, {<<>>, <<"usher.capulet.lit">>, <<>>}).
-define(SECOND, 1000000). % us

%%% The queue

queue_gives_the_oldest_first_test() ->
    ?assertEqual([{romeo, 1}, {paris, 2}, {nurse, 3}], queue(queued([1, 2, 3]))).

what_was_taken_is_not_in_the_queue_any_more_test() ->
    {Taken, Asks} = take(fun(Entry) -> [Entry] end, queued([1, 2])),
    ?assertEqual([{romeo, 1}, {paris, 2}], Taken),
    ?assertEqual([{nurse, 3}], queue(add(nurse, 3, Asks))).

what_is_not_held_any_more_is_passed_over_test() ->
    {Taken, Asks} = take(fun({_, Id}) -> [Id || Id /= 2] end, queued([1, 2, 3])),
    ?assertEqual([1, 3], Taken),
    ?assertEqual([], queue(Asks)).

%% Nor is more looked at: 10,000 may be queued, for each of a hundred asks.
no_more_than_a_hundred_are_taken_test() ->
    Many = lists:foldl(fun(Id, Asks) -> add(romeo, Id, Asks) end, new(), lists:seq(1, 10000)),
    {Taken, Rest} = take(fun({_, Id}) -> self() ! looked_at, [Id] end, Many),
    ?assertEqual(lists:seq(1, 100), Taken),
    ?assertEqual(100, count_looks(0)),
    ?assertMatch({[101 | _], _}, take(fun({_, Id}) -> [Id] end, Rest)).

count_looks(Number) ->
    receive looked_at -> count_looks(Number + 1)
    after 0 -> Number
    end.

queue(Asks) ->
    {Taken, _} = take(fun(Entry) -> [Entry] end, Asks),
    Taken.

%%% When the next ask is due

nothing_queued_is_never_due_test() ->
    ?assertEqual(nothing_queued, delay(0, 1000, new())).

first_request_is_asked_at_once_test() ->
    ?assertEqual(0, delay(-5 * ?SECOND, 1000, queued([1]))). % monotonic time is negative

ask_waits_for_the_answer_to_the_last_test() ->
    Asks = add(paris, 2, asked([1], 0)),
    ?assertEqual(400000, delay(100000, 2, Asks)),
    ?assertEqual(1, delay(499999, 2, Asks)).

ask_waits_half_a_second_only_test() ->
    ?assertEqual(0, delay(500000, 2, add(paris, 2, asked([1], 0)))).

answered_ask_is_not_waited_for_test() ->
    ?assertEqual(0, delay(1000, 1, add(paris, 2, answered(asked([1], 0))))).

forgotten_ask_is_not_waited_for_test() ->
    ?assertEqual(0, delay(1000, 1, add(paris, 2, forget(<<"a">>, asked([1], 0))))).

older_ask_is_not_waited_for_test() ->
    Asks = sent(<<"b">>, connection(), [{paris, 2}], 10 * ?SECOND, asked([1], 0)),
    {ok, _, Asks1} = reply(<<"b">>, self(), ?ADDRESS, Asks),
    ?assertEqual(0, delay(20 * ?SECOND, 1, add(nurse, 3, Asks1))).

%% Each makes load: several in the last ask, several in the queue, several held.
asks_under_load_have_a_gap_test_() ->
    [{Name, ?_assertEqual(4000, delay(1000, Held, Asks))}
     || {Name, Held, Asks} <-
	    [{"several in the last", 1, add(nurse, 3, answered(asked([1, 2], 0)))},
	     {"several queued", 2, add(nurse, 3, add(paris, 2, answered(asked([1], 0))))},
	     {"several held", 3, add(paris, 2, answered(asked([1], 0)))}]].

gap_is_over_after_5_ms_test() ->
    ?assertEqual(0, delay(5000, 3, add(paris, 2, answered(asked([1], 0))))).

requests_one_after_the_other_have_no_gap_test() ->
    ?assertEqual(0, delay(1000, 2, add(paris, 2, answered(asked([1], 0))))).

%%% Replies

reply_counts_once_test() ->
    {ok, Requests, Asks} = reply(<<"a">>, self(), ?ADDRESS, asked([1, 26], 0)),
    ?assertEqual(#{<<"1">> => {romeo, 1, held}, <<"1A">> => {tybalt, 26, held}}, Requests),
    ?assertEqual(not_asked, reply(<<"a">>, self(), ?ADDRESS, Asks)).

reply_counts_from_who_was_asked_only_test_() ->
    Asks = asked([1], 0),
    [{"another id", ?_assertEqual(not_asked, reply(<<"b">>, self(), ?ADDRESS, Asks))},
     {"another process", ?_assertEqual(not_asked, reply(<<"a">>, list_to_pid("<0.0.0>"), ?ADDRESS, Asks))},
     {"another address", ?_assertEqual(not_asked, reply(<<"a">>, self(), {<<>>, <<"usher.verona.lit">>, <<>>}, Asks))},
     {"its resource", ?_assertEqual(not_asked, reply(<<"a">>, self(), setelement(3, ?ADDRESS, <<"x">>), Asks))}].

decided_request_is_not_in_the_ask_any_more_test() ->
    {ok, Requests, _} = reply(<<"a">>, self(), ?ADDRESS, decided(<<"a">>, 1, asked([1, 2], 0))),
    ?assertEqual(#{<<"2">> => {paris, 2, held}}, Requests).

request_left_to_its_user_stays_in_the_ask_test() ->
    {ok, Requests, _} = reply(<<"a">>, self(), ?ADDRESS, left(<<"a">>, romeo, 1, asked([1, 2], 0))),
    ?assertEqual(#{<<"1">> => {romeo, 1, left}, <<"2">> => {paris, 2, held}}, Requests).

forgotten_ask_takes_no_changes_test() ->
    Asks = forget(<<"a">>, asked([1], 0)),
    ?assertEqual(Asks, left(<<"a">>, romeo, 1, Asks)),
    ?assertEqual(Asks, decided(<<"a">>, 1, Asks)),
    ?assertEqual(Asks, forget(<<"a">>, Asks)).

%%% Connections that end

lost_connection_gives_back_what_is_still_held_test() ->
    {Lost, Asks} = lost(self(), left(<<"a">>, romeo, 1, decided(<<"a">>, 2, asked([1, 2, 3], 0)))),
    ?assertEqual([{nurse, 3}], Lost),
    ?assertEqual(not_asked, reply(<<"a">>, self(), ?ADDRESS, Asks)).

another_connections_asks_stay_test() ->
    {Lost, Asks} = lost(list_to_pid("<0.0.0>"), asked([1], 0)),
    ?assertEqual([], Lost),
    ?assertMatch({ok, _, _}, reply(<<"a">>, self(), ?ADDRESS, Asks)).

what_was_lost_is_asked_first_and_at_once_test() ->
    {Lost, Asks} = lost(self(), add(tybalt, 4, add(nurse, 3, asked([1, 2], 0)))),
    Again = ask_again(lists:reverse(lists:sort(Lost)), Asks),
    ?assertEqual([{romeo, 1}, {paris, 2}, {nurse, 3}, {tybalt, 4}], queue(Again)),
    ?assertEqual(0, delay(1, 1000, Again)).

connection_that_was_asked_is_known_test() ->
    ?assertEqual(undefined, last_asked(queued([1]))),
    ?assertEqual(self(), last_asked(forget(<<"a">>, asked([1], 0)))).

%%% Contacts stand for keys, of which this module knows nothing.

contact(1) -> romeo;
contact(2) -> paris;
contact(3) -> nurse;
contact(_) -> tybalt.

connection() -> #connection{pid = self(), address = ?ADDRESS, entity = ?ADDRESS, asked = true}.

queued(Ids) -> lists:foldl(fun(Id, Asks) -> add(contact(Id), Id, Asks) end, new(), Ids).

asked(Ids, Now) -> sent(<<"a">>, connection(), [{contact(Id), Id} || Id <- Ids], Now, new()).

answered(Asks) ->
    {ok, _, Asks1} = reply(<<"a">>, self(), ?ADDRESS, Asks),
    Asks1.
