%%% Which accounts exist, as the sources of a host's accounts say. ejabberd_auth:user_exists/2 takes a database or a
%%% directory that does not answer for a "no", and remembers it; so they are asked one by one, and not its cache.

-module(mod_subscription_requests_accounts).

-export([exists/2, can_list/1, list/1]).

-include("mod_subscription_requests.hrl").

%% The sources that list all that they have. Not so a directory, which has a limit, external authentication, of which
%% ejabberd knows those only whom it has met, or what knows those only who are online.
-define(COMPLETE, [ejabberd_auth_mnesia, ejabberd_auth_sql]).

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

-spec can_list(binary()) -> boolean().
can_list(Host) -> ejabberd_auth:auth_modules(Host) -- ?COMPLETE == [].

%% All accounts, each once; to be asked only where that can be listed. A name that no address can have is no account's.
-spec list(binary()) -> [User :: binary()] | unknown.
list(Host) ->
    Lists = [list(Source, Host) || Source <- ejabberd_auth:auth_modules(Host)],
    case lists:member(unknown, Lists) of
	true -> unknown;
	false -> lists:usort([User || Users <- Lists, {User, _} <- Users, jid:nodeprep(User) == User])
    end.

%% A database that does not answer is said to have none. So it is asked again, after an answer of another kind.
list(Source, Host) ->
    case {Source:get_users(Host, []), Source} of
	{[], ejabberd_auth_sql} ->
	    case is_in(Source, Host, <<"?">>) of
		unknown -> unknown;
		_ -> Source:get_users(Host, [])
	    end;
	{Users, _} ->
	    Users
    end.
