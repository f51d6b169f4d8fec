%%% What an entity sends by itself: later answers, and queries of accounts and of the waiting list. In the process of its
%%% connection; what takes longer goes on in a process of its own.

-module(mod_subscription_requests_iq).

-export([decode_iq_subel/1, process_iq/1]).

-include("logger.hrl").
-include("mod_subscription_requests.hrl").

%% gen_iq_handler would otherwise decode it, and knows no such namespace.
-spec decode_iq_subel(fxml:xmlel()) -> fxml:xmlel().
decode_iq_subel(Element) -> Element.

-spec process_iq(iq()) -> iq() | ignore.
process_iq(#iq{type = Type, from = From, to = #jid{lserver = Host}, sub_els = [#xmlel{name = Name} = Element]} = IQ) ->
    Do = case {Type, Name} of
	     {set, <<"answer">>} -> fun later_answer/3;
	     {get, <<"pending">>} -> fun waiting_list/3;
	     {get, <<"accounts">>} -> fun accounts/3;
	     _ -> none
	 end,
    case Do == none orelse mod_subscription_requests_entities:is_granted(Host, ?NS, From) of
	true when Do == none -> refuse(IQ, xmpp:err_service_unavailable());
	true -> Do(Host, Element, IQ);
	false -> refuse(IQ, xmpp:err_forbidden())
    end.

refuse(IQ, Error) -> xmpp:make_error(IQ, Error).

%%%===================================================================
%%% Later answers
%%%===================================================================

later_answer(Host, Element, IQ) ->
    case mod_subscription_requests_xml:later_answer(Element) of
	{ok, {User, Host, <<>>}, {_, _, <<>>} = Contact, Answer} when User /= <<>> ->
	    mod_subscription_requests_entities:reply_later(IQ, fun() ->
				answer(Host, {User, Contact}, Answer, mod_subscription_requests_xml:label(Element), IQ)
			end);
	{ok, _, _, _} -> refuse(IQ, xmpp:err_item_not_found());
	jid_malformed -> refuse(IQ, xmpp:err_jid_malformed());
	bad_request -> refuse(IQ, xmpp:err_bad_request())
    end.

answer(Host, Key, Answer, Label, IQ) ->
    case mod_subscription_requests_act:answer_waiting(Host, Key, Answer, Label) of
	applied -> xmpp:make_iq_result(IQ);
	failed -> refuse(IQ, xmpp:err_internal_server_error());
	_ -> refuse(IQ, xmpp:err_item_not_found())
    end.

%%%===================================================================
%%% Accounts
%%%===================================================================

accounts(Host, Query, IQ) ->
    case mod_subscription_requests_xml:asked_accounts(Host, Query) of
	{ok, Users} -> mod_subscription_requests_entities:reply_later(IQ, fun() -> existing(Host, Users, IQ) end);
	jid_malformed -> refuse(IQ, xmpp:err_jid_malformed());
	bad_request -> refuse(IQ, xmpp:err_bad_request())
    end.

existing(Host, Users, IQ) ->
    case existing(Host, Users) of
	unknown -> refuse(IQ, xmpp:err_internal_server_error());
	Existing -> xmpp:make_iq_result(IQ, mod_subscription_requests_xml:accounts(Host, Existing))
    end.

%% Not beyond the first that is not known: a directory that does not answer takes minutes for each.
existing(_Host, []) -> [];
existing(Host, [User | Users]) ->
    case mod_subscription_requests_accounts:exists(Host, User) of
	unknown -> unknown;
	Exists ->
	    case existing(Host, Users) of
		unknown -> unknown;
		Others -> [User || Exists] ++ Others
	    end
    end.

%%%===================================================================
%%% The waiting list, in pages (XEP-0059)
%%%===================================================================

waiting_list(Host, Query, #iq{from = From} = IQ) ->
    ReadsList = fun(Connection) ->
			mod_subscription_requests_entities:reads_list(Host, Connection, jid:tolower(From))
		end,
    case {listed_user(Host, Query), mod_subscription_requests_xml:page_query(Query)} of
	{{error, Error}, _} ->
	    refuse(IQ, Error);
	{_, bad_request} ->
	    refuse(IQ, xmpp:err_bad_request());
	{_, feature_not_implemented} ->
	    refuse(IQ, xmpp:err_feature_not_implemented());
	{_, {ok, After, 0}} ->
	    ReadsList(self()),
	    mod_subscription_requests_entities:reply_later(IQ, fun() -> empty_page(Host, After, IQ) end);
	{{ok, User}, {ok, After, Max}} ->
	    Connection = self(),
	    After == beginning andalso ReadsList(Connection),
	    mod_subscription_requests_entities:reply_later(IQ, fun() ->
				       {ok, Tag, Last} = mod_subscription_requests_host:call(Host, list),
				       Start = mod_subscription_requests_xml:list_number(Tag, Last, After),
				       Start == unknown orelse ReadsList(Connection),
				       page(Host, Tag, User, Start, Max, IQ)
			       end)
    end.

%% A sign of life (PROTOCOL.md section 4.9), for which no rosters are read. The host's process has to take part in it.
empty_page(Host, After, IQ) ->
    case mod_subscription_requests_host:call(Host, known_list) of
	unknown ->
	    xmpp:make_iq_result(IQ, mod_subscription_requests_xml:page([], unknown));
	{Tag, Last, Count} ->
	    case mod_subscription_requests_xml:list_number(Tag, Last, After) of
		unknown -> refuse(IQ, xmpp:err_item_not_found());
		_ -> xmpp:make_iq_result(IQ, mod_subscription_requests_xml:page([], Count))
	    end
    end.

listed_user(Host, Query) ->
    case mod_subscription_requests_xml:listed_user(Query) of
	all -> {ok, all};
	{ok, {User, Host, <<>>}} when User /= <<>> ->
	    case ejabberd_auth:user_exists(User, Host) orelse mod_subscription_requests_accounts:exists(Host, User) of
		true -> {ok, User};
		false -> {error, xmpp:err_item_not_found()};
		unknown -> {error, xmpp:err_internal_server_error()}
	    end;
	{ok, _} -> {error, xmpp:err_item_not_found()};
	malformed -> {error, xmpp:err_jid_malformed()}
    end.

page(_Host, _Tag, _User, unknown, _Max, IQ) ->
    refuse(IQ, xmpp:err_item_not_found());
page(Host, Tag, User, Start, Max, IQ) ->
    Requests = page_requests(Host, Tag, mod_subscription_requests_waiting:entries(Host, User, Start), Max),
    Count = mod_subscription_requests_waiting:count(Host, User),
    xmpp:make_iq_result(IQ, mod_subscription_requests_xml:page(Requests, Count)).

page_requests(_Host, _Tag, _Entries, 0) -> [];
page_requests(Host, Tag, Entries, Max) ->
    case Entries() of
	none ->
	    [];
	{Number, Key, Rest} ->
	    case ets:member(mod_subscription_requests_host:holds(Host), Key) orelse waiting(Host, Tag, Number, Key) of
		true -> page_requests(Host, Tag, Rest, Max);
		none -> page_requests(Host, Tag, Rest, Max);
		Request -> [Request | page_requests(Host, Tag, Rest, Max - 1)]
	    end
    end.

waiting(Host, Tag, Number, Key) ->
    Id = mod_subscription_requests_xml:list_id(Tag, Number),
    case mod_subscription_requests_roster:stored_request(Id, Host, Key) of
	none ->
	    mod_subscription_requests_host:tell(Host, {gone, Key, Number}),
	    none;
	stale ->
	    mod_subscription_requests_roster:clear(Host, Key),
	    mod_subscription_requests_host:tell(Host, {gone, Key, Number}),
	    none;
	malformed ->
	    ?WARNING_MSG("A stored request cannot be read, and is not listed: of ~p to ~p at ~ts",
			 [element(2, Key), element(1, Key), Host]),
	    none;
	Request ->
	    case mod_subscription_requests_act:may_be_listed(Host, Key) of
		true -> Request;
		false -> none
	    end
    end.
