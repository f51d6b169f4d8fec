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
    mod_subscription_requests_reading:reply_with_some(
      Host, Users, fun mod_subscription_requests_persons:person/2, fun mod_subscription_requests_people_xml:people/1, IQ);
people(Host, {page, After, Max}, IQ) ->
    mod_subscription_requests_reading:reply_with_page(
      Host, After, Max, fun mod_subscription_requests_persons:person/2, fun mod_subscription_requests_people_xml:page/2, IQ).

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
