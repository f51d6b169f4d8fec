%%% What an entity asks about people. In the process of its connection; what takes longer goes on in processes of their own.

-module(mod_subscription_requests_people).

-export([decode_iq_subel/1, process_iq/1]).

-include("mod_subscription_requests.hrl").

%% As in mod_subscription_requests_iq.
-spec decode_iq_subel(fxml:xmlel()) -> fxml:xmlel().
decode_iq_subel(Element) -> Element.

-spec process_iq(iq()) -> iq() | ignore.
process_iq(#iq{type = Type, from = From, to = #jid{lserver = Host}, sub_els = [#xmlel{name = Name} = Element]} = IQ) ->
    case {mod_subscription_requests_entities:is_granted(Host, ?NS_PEOPLE, From), Type, Name} of
	{false, _, _} -> refuse(IQ, xmpp:err_forbidden());
	{true, get, <<"people">>} -> people(Host, mod_subscription_requests_people_xml:people_query(Host, Element), IQ);
	{true, get, <<"availability">>} ->
	    availability(Host, mod_subscription_requests_people_xml:availability_query(Host, Element), IQ);
	_ -> refuse(IQ, xmpp:err_service_unavailable())
    end.

refuse(IQ, Error) -> xmpp:make_error(IQ, Error).

%%%===================================================================
%%% The list, in pages (XEP-0059), and some of it again
%%%===================================================================

people(_Host, bad_request, IQ) ->
    refuse(IQ, xmpp:err_bad_request());
people(_Host, feature_not_implemented, IQ) ->
    refuse(IQ, xmpp:err_feature_not_implemented());
people(Host, {some, Users}, IQ) ->
    mod_subscription_requests_entities:reply_later(IQ, fun() -> some(persons(Host, Users), IQ) end);
people(Host, {page, After, Max}, IQ) ->
    case mod_subscription_requests_accounts:can_list(Host) of
	true -> page(Host, After, Max, IQ);
	false -> refuse(IQ, xmpp:err_feature_not_implemented())
    end.

persons(_Host, []) -> [];
persons(Host, [User | Users]) ->
    case mod_subscription_requests_accounts:exists(Host, User) of
	true -> with_others(mod_subscription_requests_persons:person(Host, User), Host, Users);
	false -> persons(Host, Users);
	unknown -> unknown
    end.

%% Not beyond the first that is not known, as in mod_subscription_requests_iq.
with_others(unknown, _Host, _Users) -> unknown;
with_others(Person, Host, Users) ->
    case persons(Host, Users) of
	unknown -> unknown;
	Others -> [Person | Others]
    end.

some(unknown, IQ) -> refuse(IQ, xmpp:err_internal_server_error());
some(Persons, IQ) -> xmpp:make_iq_result(IQ, mod_subscription_requests_people_xml:people(Persons)).

page(_Host, beginning, 0, IQ) ->
    xmpp:make_iq_result(IQ, mod_subscription_requests_people_xml:page([], unknown));
page(Host, beginning, Max, #iq{from = From} = IQ) ->
    page_of(mod_subscription_requests_reading:start(Host, From), beginning, Max, IQ);
page(Host, After, Max, #iq{from = From} = IQ) ->
    case mod_subscription_requests_reading:find(Host, From, After) of
	{ok, Reading} -> page_of(Reading, After, Max, IQ);
	none -> refuse(IQ, xmpp:err_item_not_found())
    end.

page_of(Reading, After, Max, IQ) ->
    mod_subscription_requests_entities:reply_later(
      IQ, fun() ->
		  case mod_subscription_requests_reading:page(Reading, After, Max) of
		      {ok, Persons, Count} ->
			  xmpp:make_iq_result(IQ, mod_subscription_requests_people_xml:page(Persons, Count));
		      item_not_found ->
			  refuse(IQ, xmpp:err_item_not_found());
		      unknown ->
			  refuse(IQ, xmpp:err_internal_server_error())
		  end
	  end).

%%%===================================================================
%%% Who is available
%%%===================================================================

availability(_Host, bad_request, IQ) ->
    refuse(IQ, xmpp:err_bad_request());
availability(Host, {ok, Viewer, Users}, IQ) ->
    mod_subscription_requests_entities:reply_later(
      IQ, fun() ->
		  Available = mod_subscription_requests_availability:available(Host, jid:make(Viewer), Users),
		  xmpp:make_iq_result(IQ, mod_subscription_requests_people_xml:availability(Host, Available))
	  end).
