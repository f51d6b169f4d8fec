%%% Which accounts exist, as the sources of a host's accounts say. ejabberd_auth:user_exists/2 takes a database or a
%%% directory that does not answer for a "no", and remembers it; so they are asked one by one, and not its cache.

-module(mod_subscription_requests_accounts).

-export([exists/2]).

-include("mod_subscription_requests.hrl").

%% unknown: one of the sources cannot tell, and none has it.
-spec exists(binary(), User :: binary()) -> boolean() | unknown.
exists(Host, User) ->
    Found = [is_in(Source, Host, User) || Source <- ejabberd_auth:auth_modules(Host)],
    case {lists:member(true, Found), lists:member(unknown, Found)} of
	{true, _} -> true;
	{false, true} -> unknown;
	{false, false} -> false
    end.

is_in(Source, Host, User) ->
    try erlang:function_exported(Source, get_password, 2) of
	true -> has_password(Source:get_password(User, Host));
	false -> has_user(Source:user_exists(User, Host), Source, Host)
    catch _:_ ->
	unknown
    end.

%% What may be remembered is an answer; a failure comes as {nocache, error}.
has_password({_, {ok, _}}) -> true;
has_password({cache, error}) -> false;
has_password(_) -> unknown.

has_user({_, true}, _Source, _Host) -> true;
has_user({_, false}, ejabberd_auth_jwt, _Host) -> unknown; % it knows those only who are online
has_user({_, false}, ejabberd_auth_ldap, Host) -> directory_answers(Host);
has_user({_, false}, _Source, _Host) -> false;
has_user(_, _Source, _Host) -> unknown.

%% ejabberd_auth_ldap says "no" as well when its search fails. Hence a search that finds something wherever the
%% directory answers: false if it does, and so has meant its "no".
directory_answers(Host) ->
    Pool = atom_to_binary(gen_mod:get_module_proc(Host, ejabberd_auth_ldap), utf8),
    Search = [{base, ejabberd_option:ldap_base(Host)}, {scope, baseObject},
	      {filter, eldap:present(<<"objectClass">>)}, {attributes, [<<"objectClass">>]}],
    case eldap_pool:search(Pool, Search) of
	Result when element(1, Result) == eldap_search_result -> false;
	_ -> unknown
    end.
