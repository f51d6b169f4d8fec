%%% Lists of the host's accounts, or of some of them, with what one part of the protocol says of each. A reading of the whole list
%%% has the accounts as they were when it began. A process of its own lists them, so
%%% that nobody waits for that. It ends some time after its last page, with the connection of the entity that reads, and
%%% with the host's process.

-module(mod_subscription_requests_reading).
-behaviour(gen_server).

%% In the connection's process
-export([reply_with_some/5, reply_with_page/6]).
-export([init/1, handle_continue/2, handle_call/3, handle_cast/2, handle_info/2, terminate/2, code_change/3]).

-include("mod_subscription_requests.hrl").

-define(LIFETIME, 60000). % ms after the latest page
-define(MAX_READINGS, 4). % of one entity over one connection

-record(state, {host :: binary(),
		person :: person(),
		tag :: binary(), % of its ids
		users = unknown :: tuple() | unknown}). % in the order of their addresses

%% What is said of a user; unknown: it cannot be read now.
-type person() :: fun((Host :: binary(), User :: binary()) -> fxml:xmlel() | unknown).
%% unknown: the accounts, or one of them, cannot be read now.
-type page() :: {ok, [{Id :: binary(), fxml:xmlel()}], Count :: non_neg_integer()} | item_not_found | unknown.

%%%===================================================================
%%% Some again
%%%===================================================================

%% To an entity's IQ about these users: Payload makes the result of those who exist.
-spec reply_with_some(binary(), [User :: binary()], person(), fun(([fxml:xmlel()]) -> fxml:xmlel()), iq()) -> ignore.
reply_with_some(Host, Users, Person, Payload, IQ) ->
    mod_subscription_requests_entities:reply_later(
      IQ, fun() ->
		  case some(Host, Users, Person) of
		      unknown -> xmpp:make_error(IQ, xmpp:err_internal_server_error());
		      Persons -> xmpp:make_iq_result(IQ, Payload(Persons))
		  end
	  end).

some(_Host, [], _Person) -> [];
some(Host, [User | Users], Person) ->
    case mod_subscription_requests_accounts:exists(Host, User) of
	true -> with_rest(Person(Host, User), Host, Users, Person);
	false -> some(Host, Users, Person);
	unknown -> unknown
    end.

%% Not beyond the first that is not known, as in mod_subscription_requests_iq.
with_rest(unknown, _Host, _Users, _Person) -> unknown;
with_rest(First, Host, Users, Person) ->
    case some(Host, Users, Person) of
	unknown -> unknown;
	Others -> [First | Others]
    end.

%%%===================================================================
%%% The list, in pages (XEP-0059). In the connection's process, which knows its readings
%%%===================================================================

%% To an entity's IQ: Payload makes the result of a page's persons, each with its id, and of the number of all.
-spec reply_with_page(binary(), After :: binary() | beginning, Max :: non_neg_integer(), person(),
		      fun(([{Id :: binary(), fxml:xmlel()}], Count :: non_neg_integer() | unknown) -> fxml:xmlel()), iq()) ->
	  iq() | ignore.
reply_with_page(Host, After, Max, Person, Payload, #iq{from = From} = IQ) ->
    case mod_subscription_requests_accounts:can_list(Host) andalso reading(Host, From, After, Max, Person) of
	false -> xmpp:make_error(IQ, xmpp:err_feature_not_implemented());
	none -> xmpp:make_error(IQ, xmpp:err_item_not_found());
	not_needed -> xmpp:make_iq_result(IQ, Payload([], unknown));
	Reading -> page_of(Reading, After, Max, Payload, IQ)
    end.

reading(_Host, _From, beginning, 0, _Person) -> not_needed;
reading(Host, From, beginning, _Max, Person) -> start(Host, From, Person);
reading(Host, From, After, _Max, Person) -> find(Host, From, After, Person).

page_of(Reading, After, Max, Payload, IQ) ->
    mod_subscription_requests_entities:reply_later(
      IQ, fun() ->
		  case page(Reading, After, Max) of
		      {ok, Persons, Count} -> xmpp:make_iq_result(IQ, Payload(Persons, Count));
		      item_not_found -> xmpp:make_error(IQ, xmpp:err_item_not_found());
		      unknown -> xmpp:make_error(IQ, xmpp:err_internal_server_error())
		  end
	  end).

start(Host, From, Person) ->
    Tag = mod_subscription_requests_entities:random_id(),
    {ok, Pid} = gen_server:start(?MODULE, {Host, Person, Tag, self()}, []),
    {Kept, Others} = split(?MAX_READINGS - 1, readings(Host, From, Person)),
    [exit(Other, shutdown) || {_, Other} <- Others],
    _ = put(key(Host, From, Person), [{Tag, Pid} | Kept]),
    Pid.

%% That which has given this id.
find(Host, From, Id, Person) ->
    case [Pid || {Tag, Pid} <- readings(Host, From, Person), mod_subscription_requests_xml:has_tag(Tag, Id)] of
	[Pid] -> Pid;
	[] -> none
    end.

readings(Host, From, Person) ->
    case get(key(Host, From, Person)) of
	undefined -> [];
	Readings -> Readings
    end.

key(Host, From, Person) -> {?CONNECTOR, readings, Host, jid:tolower(From), Person}.

split(Number, List) -> lists:split(min(Number, length(List)), List).

page(Pid, After, Max) ->
    try gen_server:call(Pid, {page, After, Max}, infinity)
    catch exit:_ -> item_not_found % it has ended
    end.

%%%===================================================================
%%% gen_server
%%%===================================================================

-spec init({binary(), person(), Tag :: binary(), pid()}) -> {ok, #state{}, {continue, list}}.
init({Host, Person, Tag, Connection}) ->
    _ = erlang:monitor(process, Connection),
    _ = erlang:monitor(process, mod_subscription_requests_host:proc(Host)),
    {ok, #state{host = Host, person = Person, tag = Tag}, {continue, list}}.

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
persons(Number, Max, #state{host = Host, person = Read, users = Users} = State) ->
    User = element(Number, Users),
    case mod_subscription_requests_accounts:exists(Host, User) /= false
	andalso Read(Host, User) of
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
