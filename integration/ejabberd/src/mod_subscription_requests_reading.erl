%%% One reading of the list of people, which has the accounts as they were when it began. A process of its own lists them, so
%%% that nobody waits for that. It ends some time after its last page, with the connection of the entity that reads, and
%%% with the host's process.

-module(mod_subscription_requests_reading).
-behaviour(gen_server).

%% In the connection's process
-export([start/2, find/3]).
%% In any
-export([page/3]).
-export([init/1, handle_continue/2, handle_call/3, handle_cast/2, handle_info/2, terminate/2, code_change/3]).

-include("mod_subscription_requests.hrl").

-define(LIFETIME, 60000). % ms after the latest page
-define(MAX_READINGS, 4). % of one entity over one connection

-record(state, {host :: binary(),
		tag :: binary(), % of its ids
		users = unknown :: tuple() | unknown}). % in the order of their addresses

%% unknown: the accounts, or one of them, cannot be read now.
-type page() :: {ok, [{Id :: binary(), fxml:xmlel()}], Count :: non_neg_integer()} | item_not_found | unknown.

%%%===================================================================
%%% In the connection's process, which knows its readings
%%%===================================================================

-spec start(binary(), jid:jid()) -> pid().
start(Host, From) ->
    Tag = mod_subscription_requests_entities:random_id(),
    {ok, Pid} = gen_server:start(?MODULE, {Host, Tag, self()}, []),
    {Kept, Others} = split(?MAX_READINGS - 1, readings(Host, From)),
    [exit(Other, shutdown) || {_, Other} <- Others],
    _ = put(key(Host, From), [{Tag, Pid} | Kept]),
    Pid.

%% That which has given this id.
-spec find(binary(), jid:jid(), Id :: binary()) -> {ok, pid()} | none.
find(Host, From, Id) ->
    case [Pid || {Tag, Pid} <- readings(Host, From), mod_subscription_requests_xml:has_tag(Tag, Id)] of
	[Pid] -> {ok, Pid};
	[] -> none
    end.

readings(Host, From) ->
    case get(key(Host, From)) of
	undefined -> [];
	Readings -> Readings
    end.

key(Host, From) -> {?CONNECTOR, readings, Host, jid:tolower(From)}.

split(Number, List) -> lists:split(min(Number, length(List)), List).

%%%===================================================================
%%% In any
%%%===================================================================

-spec page(pid(), After :: binary() | beginning, Max :: non_neg_integer()) -> page().
page(Pid, After, Max) ->
    try gen_server:call(Pid, {page, After, Max}, infinity)
    catch exit:_ -> item_not_found % it has ended
    end.

%%%===================================================================
%%% gen_server
%%%===================================================================

-spec init({binary(), Tag :: binary(), pid()}) -> {ok, #state{}, {continue, list}}.
init({Host, Tag, Connection}) ->
    _ = erlang:monitor(process, Connection),
    _ = erlang:monitor(process, mod_subscription_requests_host:proc(Host)),
    {ok, #state{host = Host, tag = Tag}, {continue, list}}.

-spec handle_continue(list, #state{}) -> {noreply, #state{}, timeout()}.
handle_continue(list, #state{host = Host} = State) ->
    Users = case mod_subscription_requests_accounts:list(Host) of
		unknown -> unknown;
		Found -> list_to_tuple(in_order(Found))
	    end,
    {noreply, State#state{users = Users}, ?LIFETIME}.

%% Of the addresses as bytes: "a.b@" comes before "a@".
in_order(Users) -> [User || {_, User} <- lists:sort([{<<User/binary, $@>>, User} || User <- Users])].

-spec handle_call({page, binary() | beginning, non_neg_integer()}, {pid(), term()}, #state{}) ->
	  {reply, page(), #state{}, timeout()} | {stop, normal, page(), #state{}}.
handle_call({page, _After, _Max}, _From, #state{users = unknown} = State) ->
    {stop, normal, unknown, State};
handle_call({page, After, Max}, _From, #state{tag = Tag, users = Users} = State) ->
    Page = case mod_subscription_requests_xml:list_number(Tag, tuple_size(Users), After) of
	       unknown ->
		   item_not_found;
	       Number ->
		   case persons(Number + 1, Max, State) of
		       unknown -> unknown;
		       Persons -> {ok, Persons, tuple_size(Users)}
		   end
	   end,
    {reply, Page, State, ?LIFETIME}.

%% So many from this number on, without those of whom it is known that they are gone.
persons(Number, Max, #state{users = Users}) when Max == 0; Number > tuple_size(Users) ->
    [];
persons(Number, Max, #state{host = Host, users = Users} = State) ->
    User = element(Number, Users),
    case mod_subscription_requests_accounts:exists(Host, User) /= false
	andalso mod_subscription_requests_persons:person(Host, User) of
	false -> persons(Number + 1, Max, State);
	unknown -> unknown;
	Person -> with_others(Number, Person, persons(Number + 1, Max - 1, State), State)
    end.

with_others(_Number, _Person, unknown, _State) -> unknown;
with_others(Number, Person, Others, #state{tag = Tag}) ->
    [{mod_subscription_requests_xml:list_id(Tag, Number), Person} | Others].

-spec handle_cast(term(), #state{}) -> {noreply, #state{}, timeout()}.
handle_cast(_Message, State) ->
    {noreply, State, ?LIFETIME}.

%% After its lifetime, or with those whom it watches.
-spec handle_info(timeout | term(), #state{}) -> {stop, normal, #state{}}.
handle_info(_Message, State) ->
    {stop, normal, State}.

-spec terminate(term(), #state{}) -> ok.
terminate(_Reason, _State) ->
    ok.

-spec code_change(term(), #state{}, term()) -> {ok, #state{}}.
code_change(_OldVsn, State, _Extra) ->
    {ok, State}.
