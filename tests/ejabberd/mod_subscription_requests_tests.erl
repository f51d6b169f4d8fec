%%% How the connector's modules hang together.

-module(mod_subscription_requests_tests).

-include_lib("eunit/include/eunit.hrl").

%% The order that the comment in mod_subscription_requests.erl gives.
-define(ORDER, ['', hooks, server, asks, reports, iq, approvals, act, waiting, people, archive, reading, persons, availability,
		changed, preferences, archive_xml, people_xml, approvals_xml, entities, accounts, roster, host, xml]).

modules() -> [module(Name) || Name <- ?ORDER].

module('') -> mod_subscription_requests;
module(Name) -> list_to_atom("mod_subscription_requests_" ++ atom_to_list(Name)).

a_module_calls_only_those_below_it_test_() ->
    [{lists:concat([Caller, " calls ", Called]), ?_assert(place(Called) > place(Caller))}
     || Caller <- modules(), {Called, _, _} <- chunk(imports, Caller), lists:member(Called, modules())].

place(Module) -> length(lists:takewhile(fun(Other) -> Other /= Module end, modules())).

every_exported_function_has_a_spec_test_() ->
    [{atom_to_list(Module), ?_assertEqual([], (chunk(exports, Module) -- specs(Module)) -- Own)}
     || Own <- [[{module_info, 0}, {module_info, 1}]], Module <- modules()].

specs(Module) ->
    {_, Forms} = chunk(abstract_code, Module),
    [Function || {attribute, _, spec, {Function, _}} <- Forms].

%% What is not unloaded with the last host would go on after an upgrade.
every_module_is_loaded_and_unloaded_test() ->
    {_, Forms} = chunk(abstract_code, mod_subscription_requests),
    [List] = [Body || {function, _, modules, 0, [{clause, _, [], [], [Body]}]} <- Forms],
    ?assertEqual(lists:sort(tl(modules())), lists:sort(erl_parse:normalise(List))).

chunk(Name, Module) ->
    {ok, {_, [{Name, Found}]}} = beam_lib:chunks(code:which(Module), [Name]),
    Found.
