%%% Fills a server for a measurement: accounts user-First to user-Last, each with contacts already in the roster, and with a
%%% vCard where the host has mod_vcard: user-417 is Given017 Family417.

-module(bench_population).

-export([fill/5]).

-include_lib("p1_xmpp/include/xmpp.hrl").
-include("mod_roster.hrl").

fill(Host, Password, First, Last, Contacts) ->
    lists:foreach(fun(Number) -> fill_one(Host, Password, Number, numbered(<<"user-">>, Number), Contacts) end,
		  lists:seq(First, Last)).

fill_one(Host, Password, Number, User, Contacts) ->
    ok = ejabberd_auth:try_register(User, Host, Password),
    [mnesia:dirty_write(#roster{usj = {User, Host, Contact}, us = {User, Host}, jid = Contact, subscription = from})
     || Counted <- lists:seq(1, Contacts), Contact <- [{numbered(<<"contact-">>, Counted), <<"verona.lit">>, <<>>}]],
    [mod_vcard:set_vcard(User, Host, vcard(Number)) || gen_mod:is_loaded(Host, mod_vcard)].

vcard(Number) ->
    Given = iolist_to_binary(io_lib:format("Given~3..0b", [Number rem 400])),
    Family = numbered(<<"Family">>, Number),
    xmpp:encode(#vcard_temp{fn = <<Given/binary, " ", Family/binary>>,
			    n = #vcard_name{given = Given, family = Family}}).

numbered(Name, Number) -> <<Name/binary, (integer_to_binary(Number))/binary>>.
