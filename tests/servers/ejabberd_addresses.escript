#!/usr/bin/env escript
%% Reads addresses in hexadecimal, one per line, and writes the bare address that ejabberd prepares from each, in
%% hexadecimal, or "-" if it refuses.

main([]) ->
    {ok, _} = application:ensure_all_started(stringprep),
    ok = jid:start(),
    ok = io:setopts([binary, {encoding, latin1}]),
    each_line().

each_line() ->
    case io:get_line("") of
        eof ->
            ok;
        Line ->
            Address = binary:decode_hex(string:trim(Line)),
            io:put_chars([prepared(Address), $\n]),
            each_line()
    end.

%% jid:decode/1 prepares each part; an account's address has a local part.
prepared(Address) ->
    try jid:tolower(jid:remove_resource(jid:decode(Address))) of
        {User, Server, _} when User =/= <<>> ->
            string:lowercase(binary:encode_hex(<<User/binary, $@, Server/binary>>));
        _ ->
            "-"
    catch
        error:{bad_jid, _} -> "-"
    end.
