%%% What an entity asks about approvals: which are in force, and to revoke some. In the process of its connection; what
%%% takes longer goes on in processes of their own.

-module(mod_subscription_requests_approvals).

-export([decode_iq_subel/1, process_iq/1]).

-include("logger.hrl").
-include("mod_subscription_requests.hrl").

%% As in mod_subscription_requests_iq.
-spec decode_iq_subel(fxml:xmlel()) -> fxml:xmlel().
decode_iq_subel(Element) -> Element.

-spec process_iq(iq()) -> iq() | ignore.
process_iq(#iq{type = Type, from = From, to = #jid{lserver = Host}, sub_els = [#xmlel{name = Name} = Element]} = IQ) ->
    {Part, Do} = case {Type, Name} of
		     {get, <<"approvals">>} -> {?NS_APPROVALS, fun approvals/3};
		     {set, <<"revoke">>} -> {{?NS_APPROVALS, set}, fun revoke/3};
		     _ -> {?NS_APPROVALS, none}
		 end,
    case mod_subscription_requests_entities:is_granted(Host, Part, From) of
	true when Do == none -> refuse(IQ, xmpp:err_service_unavailable());
	true -> Do(Host, Element, IQ);
	false -> refuse(IQ, xmpp:err_forbidden())
    end.

refuse(IQ, Error) -> xmpp:make_error(IQ, Error).

approvals(Host, Query, IQ) ->
    case mod_subscription_requests_approvals_xml:asked(Host, Query) of
	{ok, Keys} ->
	    mod_subscription_requests_entities:reply_later(
	      IQ, fun() ->
			  Found = [{Key, Approval} || Key <- Keys,
						      Approval <- [mod_subscription_requests_roster:approval(Host, Key)],
						      Approval /= none],
			  xmpp:make_iq_result(IQ, mod_subscription_requests_approvals_xml:approvals(Host, Found))
		  end);
	bad_request ->
	    refuse(IQ, xmpp:err_bad_request())
    end.

%% One after another: of two about the same item the second finds it changed.
revoke(Host, Query, IQ) ->
    case mod_subscription_requests_approvals_xml:to_revoke(Host, Query) of
	{ok, Marked} ->
	    mod_subscription_requests_entities:reply_later(
	      IQ, fun() ->
			  Results = [{Key, revoke_one(Host, Key, Mark)} || {Key, Mark} <- Marked],
			  xmpp:make_iq_result(IQ, mod_subscription_requests_approvals_xml:revoked(Host, Results))
		  end);
	bad_request ->
	    refuse(IQ, xmpp:err_bad_request())
    end.

revoke_one(Host, Key, Mark) ->
    try
	mod_subscription_requests_act:revoke(
	  Host, Key, fun(Approval) -> mod_subscription_requests_approvals_xml:mark(Approval) == Mark end)
    catch Class:Reason:Stack ->
	    ?ERROR_MSG("Failed to revoke an approval: ~p", [{Class, Reason, Stack}]),
	    failed
    end.
