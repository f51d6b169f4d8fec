-module(mod_subscription_requests_approvals_xml_tests).

-include_lib("eunit/include/eunit.hrl").
-include("mod_subscription_requests.hrl").

-import(mod_subscription_requests_approvals_xml, [asked/2, to_revoke/2, approvals/2, revoked/2, mark/1]).

-define(HOST, <<"capulet.lit">>).
-define(KEY, {<<"juliet">>, {<<"romeo">>, <<"montague.lit">>, <<>>}}).
-define(GATEWAY, {<<"nurse">>, {<<>>, <<"icq.montague.lit">>, <<>>}}).

%% One table a function: {what it shows, expected, seen}. Addresses are prepared by code that has to be loaded first.
all_test_() ->
    {setup, fun() -> {ok, _} = application:ensure_all_started(xmpp) end,
     fun(_) ->
	     [{atom_to_list(Table) ++ ": " ++ Name, ?_assertEqual(Expected, Seen())}
	      || {Table, Cases} <- [{asked, asked()}, {sent, sent()}, {mark, mark()}], {Name, Expected, Seen} <- Cases]
     end}.

asked() ->
    Asked = fun(Attributes) -> asked(?HOST, query(Attributes)) end,
    Revoked = fun(Attributes) -> to_revoke(?HOST, query(Attributes)) end,
    Juliet = "user='juliet@capulet.lit' contact='romeo@montague.lit' ",
    [{"in their order, prepared, each as often as asked", {ok, [?GATEWAY, ?KEY, ?KEY]},
      fun() -> Asked(["user='nurse@capulet.lit' contact='icq.montague.lit'",
		      "user='Juliet@CAPULET.lit' contact='Romeo@montague.lit'", Juliet]) end},
     {"none", bad_request, fun() -> Asked([]) end},
     {"too many", bad_request, fun() -> Asked(lists:duplicate(101, Juliet)) end},
     {"as many as there may be", {ok, lists:duplicate(100, ?KEY)}, fun() -> Asked(lists:duplicate(100, Juliet)) end},
     {"another host's user", bad_request, fun() -> Asked([Juliet, "user='romeo@montague.lit' contact='juliet@capulet.lit'"]) end},
     {"no user's name", bad_request, fun() -> Asked(["user='capulet.lit' contact='romeo@montague.lit'"]) end},
     {"a resource", bad_request, fun() -> Asked(["user='juliet@capulet.lit' contact='romeo@montague.lit/x'"]) end},
     {"no contact", bad_request, fun() -> Asked(["user='juliet@capulet.lit'"]) end},
     {"with their marks", {ok, [{?KEY, <<"m">>}]}, fun() -> Revoked([Juliet ++ "mark='m'"]) end},
     {"an empty mark is one", {ok, [{?KEY, <<>>}]}, fun() -> Revoked([Juliet ++ "mark=''"]) end},
     {"no mark", bad_request, fun() -> Revoked([Juliet ++ "mark='m'", Juliet]) end}].

query(All) ->
    fxml_stream:parse_element(iolist_to_binary(["<q>", [["<approval ", Attributes, "/>"] || Attributes <- All], "</q>"])).

sent() ->
    [{"what the item has", <<"<approvals xmlns='urn:xmpp:subscription-requests:0#approvals'><approval user='juliet@capulet.lit' "
			     "contact='romeo@montague.lit' subscription='both' ask='subscribe' name='My Romeo' mark='M'>"
			     "<group>A</group><group>B</group></approval></approvals>">>,
      fun() -> without_marks(approvals(?HOST, [{?KEY, approval(#{subscription => both, ask => true, name => <<"My\t\nRomeo ">>,
								 groups => [<<"B">>, <<" ">>, <<"A">>]})}])) end},
     {"and what it has not", <<"<approvals xmlns='urn:xmpp:subscription-requests:0#approvals'><approval user='nurse@capulet.lit' "
			       "contact='icq.montague.lit' subscription='from' mark='M'/></approvals>">>,
      fun() -> without_marks(approvals(?HOST, [{?GATEWAY, approval(#{name => <<255>>, groups => [<<254>>]})}])) end},
     {"no more than eight groups", 8,
      fun() ->
	      Groups = [integer_to_binary(N) || N <- lists:seq(1, 9)],
	      #xmlel{children = [#xmlel{children = Sent}]} = approvals(?HOST, [{?KEY, approval(#{groups => Groups})}]),
	      length(Sent)
      end},
     {"what has become of them", <<"<revoke xmlns='urn:xmpp:subscription-requests:0#approvals'><approval user='juliet@capulet.lit' "
				   "contact='romeo@montague.lit' result='revoked'/><approval user='nurse@capulet.lit' "
				   "contact='icq.montague.lit' result='changed'/></revoke>">>,
      fun() -> fxml:element_to_binary(revoked(?HOST, [{?KEY, revoked}, {?GATEWAY, changed}])) end}].

approval(Given) ->
    maps:merge(#{subscription => from, ask => false, name => <<>>, groups => []}, Given).

without_marks(#xmlel{children = [#xmlel{attrs = Attributes} = Approval]} = Approvals) ->
    Marked = lists:keyreplace(<<"mark">>, 1, Attributes, {<<"mark">>, <<"M">>}),
    fxml:element_to_binary(Approvals#xmlel{children = [Approval#xmlel{attrs = Marked}]}).

%% Of these no two say the same.
mark() ->
    All = [approval(#{}), approval(#{subscription => both}), approval(#{ask => true}), approval(#{name => <<"ab">>}),
	   approval(#{name => <<"a">>, groups => [<<"b">>]}), approval(#{groups => [<<"ab">>]}),
	   approval(#{groups => [<<"a">>, <<"b">>]}), approval(#{groups => [<<"a">>, <<"b">>, <<>>]})],
    [{"each its own", length(All), fun() -> length(lists:usort([mark(Approval) || Approval <- All])) end},
     {"whatever the order of the groups", mark(approval(#{groups => [<<"a">>, <<"b">>]})),
      fun() -> mark(approval(#{groups => [<<"b">>, <<"a">>]})) end}].
