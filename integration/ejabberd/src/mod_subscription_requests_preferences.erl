%%% What is stored of an account about archiving: the preferences (XEP-0441), which are mod_mam's, and our own lock on them.
%%%
%%% Preferences are read from mod_mam's storage, past its cache and past what a client's request would change. Locks are in Mnesia,
%%% wherever everything else is: each node of a cluster has a copy.

-module(mod_subscription_requests_preferences).

-export([new_table/0, has_archive/1, server_default/1, read/2, lock/2, set/5, forget_lock/2]).

-export_type([default/0, lock/0]).

-include("logger.hrl").
-include("mod_subscription_requests.hrl").
-include("mod_mam.hrl").

-type default() :: always | roster | never.
%% Seconds since 1970.
-type lock() :: {default(), Since :: integer()} | none.

-record(subscription_requests_lock, {us :: {User :: binary(), Host :: binary()},
				     default :: default(),
				     since :: integer()}).

-spec new_table() -> ok.
new_table() ->
    case ejabberd_mnesia:create(?MODULE, subscription_requests_lock,
				[{disc_copies, [node()]}, {attributes, record_info(fields, subscription_requests_lock)}]) of
	{atomic, ok} -> ok;
	Error -> ?ERROR_MSG("Archiving preferences cannot be locked, as there is no table for that: ~p", [Error])
    end.

-spec has_archive(binary()) -> boolean().
has_archive(Host) -> gen_mod:is_loaded(Host, mod_mam).

%% What applies to those who have no preferences.
-spec server_default(binary()) -> default().
server_default(Host) ->
    case gen_mod:get_module_opt(Host, mod_mam, request_activates_archiving) of
	true -> never;
	false -> gen_mod:get_module_opt(Host, mod_mam, default)
    end.

%% unknown: the storage does not answer.
-spec read(binary(), User :: binary()) -> {default() | none, lock()} | unknown.
read(Host, User) ->
    case stored(Host, User) of
	unknown -> unknown;
	None when None == none; None == damaged -> {none, lock(Host, User)};
	#archive_prefs{default = Default} -> {Default, lock(Host, User)}
    end.

stored(Host, User) ->
    Storage = gen_mod:db_mod(Host, mod_mam),
    try Storage:get_prefs(User, Host) of
	{ok, Prefs} -> Prefs;
	error when Storage == mod_mam_sql -> none_if_answers(Host, User);
	error -> none;
	Error -> unreadable(Host, User, Error)
    catch
	error:Reason when Storage == mod_mam_sql -> % a row, or there would be no row
	    _ = unreadable(Host, User, Reason),
	    damaged;
	Class:Reason ->
	    unreadable(Host, User, {Class, Reason})
    end.

%% mod_mam_sql says the same of an account without preferences and of a database that does not answer.
none_if_answers(Host, User) ->
    case ejabberd_sql:sql_query(Host, [<<"select username from archive_prefs where 1 = 0">>]) of
	Result when element(1, Result) == selected -> none;
	Error -> unreadable(Host, User, Error)
    end.

unreadable(Host, User, Error) ->
    ?WARNING_MSG("The archiving preferences of ~ts@~ts cannot be read: ~p", [User, Host, Error]),
    unknown.

%% Where there is no table there has never been a lock.
-spec lock(binary(), User :: binary()) -> lock().
lock(Host, User) ->
    try mnesia:dirty_read(subscription_requests_lock, {User, Host}) of
	[#subscription_requests_lock{default = Default, since = Since}] -> {Default, Since};
	[] -> none
    catch exit:{aborted, {no_exists, _}} ->
	none
    end.

%% With a lock the lists of addresses that the user has made go, without they stay. changed: what is stored is not what is
%% expected. An error: it could not be stored, and nothing has changed, as far as the storage lets that be.
-spec set(binary(), User :: binary(), default(), IsLocked :: boolean(),
	  Expected :: fun((default() | none, lock()) -> boolean()) | anything) -> ok | changed | {error, term()}.
set(Host, User, Default, IsLocked, Expected) ->
    %% One after another, through whichever node. Users' changes are mod_mam's, and come in between.
    global:trans({{?MODULE, User, Host}, self()},
		 fun() ->
			 case is_as_expected(Host, User, Expected) of
			     true -> set(Host, User, Default, IsLocked);
			     false -> changed;
			     unknown -> {error, unknown}
			 end
		 end,
		 ejabberd_cluster:get_nodes()).

is_as_expected(_Host, _User, anything) ->
    true;
is_as_expected(Host, User, Expected) ->
    case read(Host, User) of
	unknown -> unknown;
	{Default, Lock} -> Expected(Default, Lock)
    end.

set(Host, User, Default, true) ->
    Before = lock(Host, User),
    Since = case Before of
		{Default, Earlier} -> Earlier;
		_ -> erlang:system_time(second)
	    end,
    %% The lock comes first and goes last.
    case put_lock(Host, User, {Default, Since}) of
	ok ->
	    case write(Host, #archive_prefs{us = {User, Host}, default = Default}) of
		ok ->
		    ok;
		Error ->
		    _ = put_lock(Host, User, Before),
		    Error
	    end;
	Error ->
	    Error
    end;
set(Host, User, Default, false) ->
    Lock = lock(Host, User),
    Written = case stored(Host, User) of
		  none -> write(Host, #archive_prefs{us = {User, Host}, default = Default});
		  #archive_prefs{} = Stored -> write(Host, Stored#archive_prefs{default = Default});
		  damaged when Lock /= none -> ok; % it can be taken away all the same
		  Unreadable -> {error, Unreadable}
	      end,
    case Written of
	ok -> put_lock(Host, User, none);
	Error -> Error
    end.

%% As mod_mam does it.
write(Host, #archive_prefs{us = {User, Host}} = Prefs) ->
    Storage = gen_mod:db_mod(Host, mod_mam),
    try Storage:write_prefs(User, Host, Prefs, Host) of
	ok ->
	    gen_mod:get_module_opt(Host, mod_mam, use_cache) andalso
		ets_cache:delete(archive_prefs_cache, {User, Host}, ejabberd_cluster:get_nodes()),
	    ok;
	Error ->
	    {error, Error}
    catch Class:Reason ->
	    {error, {Class, Reason}}
    end.

%% On all nodes, and on disk, when it returns.
put_lock(Host, User, Lock) ->
    Change = case Lock of
		 none ->
		     fun() -> mnesia:delete({subscription_requests_lock, {User, Host}}) end;
		 {Default, Since} ->
		     fun() -> mnesia:write(#subscription_requests_lock{us = {User, Host}, default = Default, since = Since}) end
	     end,
    case mnesia:sync_transaction(Change) of
	{atomic, ok} ->
	    _ = mnesia:sync_log(),
	    ok;
	{aborted, {no_exists, _}} when Lock == none ->
	    ok;
	{aborted, Reason} ->
	    {error, Reason}
    end.

-spec forget_lock(binary(), User :: binary()) -> ok.
forget_lock(Host, User) ->
    case lock(Host, User) == none orelse put_lock(Host, User, none) of
	true -> ok;
	ok -> ok;
	{error, Reason} ->
	    ?ERROR_MSG("The lock on the archiving preferences of ~ts@~ts cannot be removed: ~p", [User, Host, Reason])
    end.
