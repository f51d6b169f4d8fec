%%% Tells entities that people, or their archiving preferences, have changed: each part of the protocol by itself. One process of a
%%% cluster gathers the changes, so that there are not more messages than with one node.

-module(mod_subscription_requests_changed).
-behaviour(gen_server).

%% Hooks
-export([user_registered/2, user_removed/2, vcard_set/1, item_published/6, node_deleted/4]).
-export([packet_sent/1, session_told/2]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2, code_change/3]).

-include("mod_subscription_requests.hrl").

-define(INTERVAL, 5000). % ms between two messages
-define(MAX_NAMED, 100). % in one message

-record(state, {host :: binary(),
		part :: part(),
		changed = [] :: [User :: binary()] | anybody, % and not told yet
		is_due = true :: boolean()}). % the last message is long enough ago

%%%===================================================================
%%% Hooks, when all is stored
%%%===================================================================

-spec user_registered(binary(), binary()) -> ok.
user_registered(User, Host) -> tell_all_parts(Host, User).

-spec user_removed(binary(), binary()) -> ok.
user_removed(User, Host) -> tell_all_parts(jid:nameprep(Host), jid:nodeprep(User)).

-spec vcard_set(Acc) -> Acc when Acc :: iq() | term().
vcard_set(#iq{from = #jid{luser = User, lserver = Host}} = IQ) ->
    tell(Host, ?NS_PEOPLE, User),
    IQ;
vcard_set(Acc) ->
    Acc.

-spec item_published(binary(), binary(), jid:jid(), Service :: jid:jid(), binary(), [fxml:xmlel()]) -> ok.
item_published(Host, ?NS_VCARD4, _Publisher, #jid{luser = User, lserver = Host}, _Id, _Payload) when User /= <<>> ->
    tell(Host, ?NS_PEOPLE, User);
item_published(_Host, _Node, _Publisher, _Service, _Id, _Payload) ->
    ok.

-spec node_deleted(binary(), Owner :: term(), binary(), term()) -> ok.
node_deleted(Host, {User, Host, _}, ?NS_VCARD4, _Index) -> tell(Host, ?NS_PEOPLE, User);
node_deleted(_Host, _Owner, _Node, _Index) -> ok.

%% In the session's process. Nothing tells of a node that is configured anew, as to be open to everybody, nor of archiving
%% preferences. So the session tells itself of the request for that; it takes the message up when it has carried out the request.
-spec packet_sent({Packet, State}) -> {Packet, State} when Packet :: stanza(), State :: #{jid := jid:jid(), _ => _}.
packet_sent({#iq{type = set, sub_els = [Element]}, State} = Acc) ->
    mod_subscription_requests_people_xml:configures(?NS_VCARD4, Element) andalso (self() ! {?CONNECTOR, changed, ?NS_PEOPLE}),
    mod_subscription_requests_archive_xml:is_preferences(Element) andalso is_open(State)
	andalso (self() ! {?CONNECTOR, changed, ?NS_ARCHIVE}),
    Acc;
packet_sent(Acc) ->
    Acc.

%% Where they are locked the request is refused.
is_open(#{jid := #jid{luser = User, lserver = Host}}) ->
    try mod_subscription_requests_preferences:lock(Host, User) == none
    catch _:_ -> false
    end.

-spec session_told(State, term()) -> State | {stop, State} when State :: #{jid := jid:jid(), _ => _}.
session_told(#{jid := #jid{luser = User, lserver = Host}} = State, {?CONNECTOR, changed, Part}) ->
    tell(Host, Part, User),
    {stop, State};
session_told(State, _Message) ->
    State.

tell_all_parts(Host, User) ->
    tell(Host, ?NS_PEOPLE, User),
    tell(Host, ?NS_ARCHIVE, User).

%% The lowest node's process, if there is one: nobody may be granted that part.
tell(Host, Part, Changed) ->
    gen_server:cast({mod_subscription_requests_host:changed_proc(Host, Part), lists:min(ejabberd_cluster:get_nodes())},
		    {changed, Changed}).

%%%===================================================================
%%% gen_server
%%%===================================================================

%% An entity that connects reads the list. But nobody has told those who are there already what has changed before.
-spec init([binary() | #{part := part()}]) -> {ok, #state{}}.
init([Host, #{part := Part}]) ->
    case mod_subscription_requests_entities:is_anybody_there(Host, Part) of
	true ->
	    tell(Host, Part, anybody),
	    {ok, wait(#state{host = Host, part = Part})};
	false ->
	    {ok, #state{host = Host, part = Part}}
    end.

-spec handle_call(term(), {pid(), term()}, #state{}) -> {reply, not_understood, #state{}}.
handle_call(_Request, _From, State) ->
    {reply, not_understood, State}.

-spec handle_cast({changed, User :: binary() | anybody} | term(), #state{}) -> {noreply, #state{}}.
handle_cast({changed, Changed}, State) ->
    {noreply, tell_if_due(add(Changed, State))};
handle_cast(_Message, State) ->
    {noreply, State}.

-spec handle_info(due | term(), #state{}) -> {noreply, #state{}}.
handle_info(due, State) ->
    {noreply, tell_if_due(State#state{is_due = true})};
handle_info(_Message, State) ->
    {noreply, State}.

-spec terminate(term(), #state{}) -> ok.
terminate(_Reason, _State) ->
    ok.

-spec code_change(term(), #state{}, term()) -> {ok, #state{}}.
code_change(_OldVsn, State, _Extra) ->
    {ok, State}.

%% In the order in which they changed.
add(anybody, State) ->
    State#state{changed = anybody};
add(User, #state{changed = Users} = State) when is_list(Users) ->
    case lists:member(User, Users) of
	true -> State;
	false when length(Users) == ?MAX_NAMED -> State#state{changed = anybody};
	false -> State#state{changed = Users ++ [User]}
    end;
add(_User, State) ->
    State.

tell_if_due(#state{changed = []} = State) ->
    State;
tell_if_due(#state{is_due = false} = State) ->
    State;
tell_if_due(#state{host = Host, part = Part, changed = Changed} = State) ->
    Told = State#state{changed = []},
    case mod_subscription_requests_entities:is_anybody_there(Host, Part) of
	true ->
	    mod_subscription_requests_entities:tell_changed(
	      Host, Part, mod_subscription_requests_people_xml:changed(Part, Host, Changed)),
	    wait(Told);
	false ->
	    Told
    end.

wait(State) ->
    _ = erlang:send_after(?INTERVAL, self(), due),
    State#state{is_due = false}.
