%%% Fills a server for a measurement: accounts user-First to user-Last, each with contacts already in the roster.

-module(bench_population).

-export([fill/5]).

-include_lib("p1_xmpp/include/xmpp.hrl").
-include("mod_roster.hrl").

fill(Host, Password, First, Last, Contacts) ->
    lists:foreach(fun(Number) -> fill_one(Host, Password, numbered(<<"user-">>, Number), Contacts) end,
		  lists:seq(First, Last)).

fill_one(Host, Password, User, Contacts) ->
    ok = ejabberd_auth:try_register(User, Host, Password),
    [mnesia:dirty_write(#roster{usj = {User, Host, Contact}, us = {User, Host}, jid = Contact, subscription = from})
     || Number <- lists:seq(1, Contacts), Contact <- [{numbered(<<"contact-">>, Number), <<"verona.lit">>, <<>>}]].

numbered(Name, Number) -> <<Name/binary, (integer_to_binary(Number))/binary>>.
