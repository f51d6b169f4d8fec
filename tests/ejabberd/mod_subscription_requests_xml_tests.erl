-module(mod_subscription_requests_xml_tests).

-include_lib("eunit/include/eunit.hrl").
-include("mod_subscription_requests.hrl").

-import(mod_subscription_requests_xml, [key/2, bare/1, address/1, request/5, item/4, add_item/2, nick/1, first_text/1,
					requests/1, permission/1, page/2, answers/1, later_answer/1, label/1, listed_user/1,
					page_query/1, list_id/2, list_number/3, is_wrapped/1, is_moderate/1]).

-define(HOST, <<"capulet.lit">>).
-define(ROMEO, {<<"romeo">>, <<"montague.lit">>, <<>>}).
-define(KEY, {<<"juliet">>, ?ROMEO}).

%% One table a function: {what it shows, expected, seen}. Addresses are prepared by code that has to be loaded first.
all_test_() ->
    {setup, fun() -> {ok, _} = application:ensure_all_started(xmpp) end,
     fun(_) ->
	     [{atom_to_list(Table) ++ ": " ++ Name, ?_assertEqual(Expected, Seen())}
	      || {Table, Cases} <- tables(), {Name, Expected, Seen} <- Cases]
     end}.

tables() ->
    [{addresses, addresses()}, {request, request()}, {item, item()}, {texts, texts()}, {answers, answers()},
     {later_answer, later_answer()}, {label, label()}, {listed_user, listed_user()}, {page_query, page_query()}, {page, page()},
     {list_number, list_number()}, {is_wrapped, is_wrapped()}, {is_moderate, is_moderate()}, {grant, grant()}].

addresses() ->
    [{"key has the user's name and the contact's bare address, prepared", ?KEY,
      fun() -> key(jid:decode(<<"Juliet@Capulet.LIT/balcony">>), jid:decode(<<"ROMEO@montague.lit/orchard">>)) end},
     {"a contact may be a domain", {<<"juliet">>, {<<>>, <<"gateway.lit">>, <<>>}},
      fun() -> key(jid:decode(<<"juliet@capulet.lit">>), jid:decode(<<"gateway.lit">>)) end},
     {"bare of an address in three parts", ?ROMEO, fun() -> bare({<<"romeo">>, <<"montague.lit">>, <<"orchard">>}) end},
     {"is prepared", {ok, ?ROMEO}, fun() -> address(<<"Romeo@MONTAGUE.lit">>) end},
     {"keeps its resource", {ok, {<<"romeo">>, <<"montague.lit">>, <<"Orchard">>}},
      fun() -> address(<<"romeo@montague.lit/Orchard">>) end},
     {"nothing is no address", malformed, fun() -> address(<<>>) end},
     {"a name without a domain is none", malformed, fun() -> address(<<"romeo@">>) end}].

request() ->
    Presence = "<presence xmlns='jabber:client' type='subscribe' from='romeo@montague.lit' to='juliet@capulet.lit'",
    Begin = "<request id='7F3A'><forwarded xmlns='urn:xmpp:forward:0'>" ++ Presence,
    End = "</forwarded></request>",
    Item = item(?KEY, to, in, false),
    Longest = binary:copy(<<"a">>, 1024),
    Request = fun(Texts, With) -> text(request(<<"7F3A">>, ?HOST, ?KEY, Texts, With)) end,
    [{"has the two addresses", Begin ++ "/>" ++ End, fun() -> Request([], none) end},
     {"has no empty texts", Begin ++ "/>" ++ End,
      fun() -> Request([{<<"status">>, <<>>}, {<<"nick">>, <<>>}], none) end},
     {"has the texts, escaped",
      Begin ++ "><status>It&apos;s me &lt;3</status>"
      "<nick xmlns='http://jabber.org/protocol/nick'>Romeo</nick></presence>" ++ End,
      fun() -> Request([{<<"status">>, <<"It's me <3">>}, {<<"nick">>, <<"Romeo">>}], none) end},
     {"has the user's item at its end",
      Begin ++ "/></forwarded>"
      "<item xmlns='jabber:iq:roster' jid='romeo@montague.lit' subscription='to'/></request>",
      fun() -> Request([], Item) end},
     {"gets the item later", Request([], Item),
      fun() -> text(add_item(Item, request(<<"7F3A">>, ?HOST, ?KEY, [], none))) end},
     {"keeps 1024 bytes of a text", Longest, fun() -> sent_status(Longest) end},
     {"cuts the 1025th", Longest, fun() -> sent_status(<<Longest/binary, "b">>) end},
     {"cuts before a character, not in it", binary:copy(<<"a">>, 1023),
      fun() -> sent_status(<<(binary:copy(<<"a">>, 1023))/binary, "é"/utf8, "b">>) end},
     {"cuts before one of four bytes", binary:copy(<<"a">>, 1021),
      fun() -> sent_status(<<(binary:copy(<<"a">>, 1021))/binary, "💌"/utf8>>) end},
     {"cuts behind a character", <<(binary:copy(<<"a">>, 1022))/binary, "é"/utf8>>,
      fun() -> sent_status(<<(binary:copy(<<"a">>, 1022))/binary, "é"/utf8, "b">>) end},
     {"all in one ask",
      "<requests xmlns='urn:xmpp:subscription-requests:0'><request id='1'/><request id='2'/></requests>",
      fun() -> text(requests([xml("<request id='1'/>"), xml("<request id='2'/>")])) end}].

sent_status(Text) ->
    Request = request(<<"7F3A">>, ?HOST, ?KEY, [{<<"status">>, Text}], none),
    fxml:get_path_s(Request, [{elem, <<"forwarded">>}, {elem, <<"presence">>}, {elem, <<"status">>}, cdata]).

item() ->
    Item = fun(Subscription, Ask, IsApproved) ->
		   #xmlel{attrs = [_, _ | Attributes]} = item(?KEY, Subscription, Ask, IsApproved),
		   Attributes
	   end,
    [{"the user has asked", [{<<"subscription">>, <<"none">>}, {<<"ask">>, <<"subscribe">>}],
      fun() -> Item(none, both, false) end},
     {"the user sees the contact", [{<<"subscription">>, <<"to">>}], fun() -> Item(to, in, false) end},
     {"approved beforehand",
      [{<<"subscription">>, <<"none">>}, {<<"ask">>, <<"subscribe">>}, {<<"approved">>, <<"true">>}],
      fun() -> Item(none, both, true) end}].

texts() ->
    [{"the first status", <<"a">>,
      fun() -> first_text([#text{data = <<"a">>}, #text{lang = <<"de">>, data = <<"b">>}]) end},
     {"no status", <<>>, fun() -> first_text([]) end},
     {"the nick", <<"Romeo">>, fun() -> nick(#presence{sub_els = [#nick{name = <<"Romeo">>}]}) end},
     {"the nick as it is stored", <<"Romeo">>,
      fun() -> nick(#presence{sub_els = [xml("<nick xmlns='http://jabber.org/protocol/nick'>Romeo</nick>")]}) end},
     {"no nick", <<>>, fun() -> nick(#presence{sub_els = [xml("<c xmlns='http://jabber.org/protocol/caps'/>")]}) end}].

answers() ->
    Reply = fun(Type, Text) -> answers(#iq{type = Type, sub_els = [xml(Text)]}) end,
    Begin = "<answers xmlns='urn:xmpp:subscription-requests:0'>",
    Result = fun(Children) -> Reply(result, Begin ++ Children ++ "</answers>") end,
    [{"each type", #{<<"1">> => {subscribed, false}, <<"2">> => {unsubscribed, false}, <<"3">> => {none, false}},
      fun() -> Result("<answer id='1' type='subscribed'/><answer id='2' type='unsubscribed'/>"
		      "<answer id='3' type='none'/>") end},
     {"an unknown type", #{<<"1">> => {unknown, false}}, fun() -> Result("<answer id='1' type='approve'/>") end},
     {"no type", #{<<"1">> => {unknown, false}}, fun() -> Result("<answer id='1'/>") end},
     {"ask-back='true'", #{<<"1">> => {subscribed, true}},
      fun() -> Result("<answer id='1' type='subscribed' ask-back='true'/>") end},
     {"ask-back='1'", #{<<"1">> => {subscribed, true}},
      fun() -> Result("<answer id='1' type='subscribed' ask-back='1'/>") end},
     {"ask-back='yes' is not true", #{<<"1">> => {subscribed, false}},
      fun() -> Result("<answer id='1' type='subscribed' ask-back='yes'/>") end},
     {"of two with one id the first", #{<<"1">> => {unsubscribed, false}},
      fun() -> Result("<answer id='1' type='unsubscribed'/><answer id='1' type='subscribed'/>") end},
     {"labels beside the answers", #{<<"1">> => {subscribed, false}, {label, <<"1">>} => {<<"Romeo">>, <<>>},
				     <<"2">> => {subscribed, false}},
      fun() -> Result("<answer id='1' type='subscribed'><item xmlns='jabber:iq:roster' name='Romeo'/></answer>"
		      "<answer id='2' type='subscribed'/>"
		      "<answer id='2' type='subscribed'><item xmlns='jabber:iq:roster' name='Paris'/></answer>") end},
     {"no id", #{<<>> => {subscribed, false}}, fun() -> Result("<answer type='subscribed'/>") end},
     {"text and other elements in between", #{<<"1">> => {subscribed, false}},
      fun() -> Result(" <other id='2' type='subscribed'/><answer id='1' type='subscribed'/>\n") end},
     {"none", #{}, fun() -> Result("") end},
     {"another namespace", #{},
      fun() -> Reply(result, "<answers xmlns='urn:x'><answer id='1' type='subscribed'/></answers>") end},
     {"another element", #{}, fun() -> Reply(result, "<query xmlns='urn:xmpp:subscription-requests:0'/>") end},
     {"an element that ejabberd has decoded", #{}, fun() -> answers(#iq{type = result, sub_els = [#ping{}]}) end},
     {"an empty result", #{}, fun() -> answers(#iq{type = result}) end},
     {"an error with answers in it", #{},
      fun() -> Reply(error, Begin ++ "<answer id='1' type='subscribed'/></answers>") end}].

later_answer() ->
    Later = fun(Attributes) ->
		    later_answer(xml("<answer xmlns='urn:xmpp:subscription-requests:0' " ++ Attributes ++ "/>"))
	    end,
    Juliet = {<<"juliet">>, <<"capulet.lit">>, <<>>},
    [{"prepares the addresses", {ok, Juliet, ?ROMEO, {subscribed, false}},
      fun() -> Later("user='Juliet@capulet.lit' contact='romeo@MONTAGUE.lit' type='subscribed'") end},
     {"asks back", {ok, Juliet, ?ROMEO, {subscribed, true}},
      fun() -> Later("user='juliet@capulet.lit' contact='romeo@montague.lit' type='subscribed' ask-back='1'") end},
     {"leaves it to the user", {ok, Juliet, ?ROMEO, {none, false}},
      fun() -> Later("user='juliet@capulet.lit' contact='romeo@montague.lit' type='none'") end},
     {"keeps a resource", {ok, Juliet, {<<"romeo">>, <<"montague.lit">>, <<"orchard">>}, {unsubscribed, false}},
      fun() -> Later("user='juliet@capulet.lit' contact='romeo@montague.lit/orchard' type='unsubscribed'") end},
     {"without a user", bad_request, fun() -> Later("contact='romeo@montague.lit' type='subscribed'") end},
     {"without a contact", bad_request, fun() -> Later("user='juliet@capulet.lit' type='subscribed'") end},
     {"without a type", bad_request, fun() -> Later("user='juliet@capulet.lit' contact='romeo@montague.lit'") end},
     {"of an unknown type", bad_request,
      fun() -> Later("user='juliet@capulet.lit' contact='romeo@montague.lit' type='approve'") end},
     {"of an unknown type about no address", bad_request, fun() -> Later("user='@' contact='@' type='approve'") end},
     {"user is no address", jid_malformed, fun() -> Later("user='@' contact='romeo@montague.lit' type='none'") end},
     {"contact is no address", jid_malformed, fun() -> Later("user='juliet@capulet.lit' contact='@' type='none'") end}].

label() ->
    Label = fun(Item) -> label(xml("<answer>" ++ Item ++ "</answer>")) end,
    Named = fun(Name) -> Label("<item xmlns='jabber:iq:roster' name='" ++ Name ++ "'/>") end,
    [{"name and the first group", {<<"Romeo">>, <<"a">>},
      fun() -> Label("<item xmlns='jabber:iq:roster' name='Romeo'><group>a</group><group>b</group></item>") end},
     {"a group only", {<<>>, <<"a">>}, fun() -> Label("<item xmlns='jabber:iq:roster'><group>a</group></item>") end},
     {"no item", none, fun() -> Label("") end},
     {"another item", none, fun() -> Label("<item xmlns='urn:x' name='Romeo'/>") end},
     {"an empty item", none, fun() -> Label("<item xmlns='jabber:iq:roster'><group/></item>") end},
     {"256 bytes", {binary:copy(<<"a">>, 256), <<>>}, fun() -> Named(lists:duplicate(256, $a)) end},
     {"257 bytes", none, fun() -> Named(lists:duplicate(257, $a)) end},
     {"nothing but spaces", none, fun() -> Named("  ") end},
     {"a line feed", none, fun() -> Named("a&#10;b") end},
     {"a control character beyond ASCII", none, fun() -> Named("a&#x85;b") end},
     {"a character that shares a byte with these", {<<"a\x{c5}b"/utf8>>, <<>>}, fun() -> Named("a&#xc5;b") end}].

listed_user() ->
    [{"all", all, fun() -> listed_user(xml("<pending/>")) end},
     {"one", {ok, {<<"juliet">>, <<"capulet.lit">>, <<>>}},
      fun() -> listed_user(xml("<pending user='JULIET@capulet.lit'/>")) end},
     {"no address", malformed, fun() -> listed_user(xml("<pending user=''/>")) end}].

page_query() ->
    Query = fun(Set) ->
		    page_query(xml("<pending xmlns='urn:xmpp:subscription-requests:0'>" ++ Set ++ "</pending>"))
	    end,
    InSet = fun(Children) -> Query("<set xmlns='http://jabber.org/protocol/rsm'>" ++ Children ++ "</set>") end,
    [{"without a set", {ok, beginning, 100}, fun() -> Query("") end},
     {"an empty set", {ok, beginning, 100}, fun() -> InSet("") end},
     {"a set of another namespace", {ok, beginning, 100}, fun() -> Query("<set xmlns='urn:x'><max>7</max></set>") end},
     {"max", {ok, beginning, 7}, fun() -> InSet("<max>7</max>") end},
     {"max with space around it", {ok, beginning, 7}, fun() -> InSet("<max> 7\n</max>") end},
     {"max 0: the count only", {ok, beginning, 0}, fun() -> InSet("<max>0</max>") end},
     {"never more than 100", {ok, beginning, 100}, fun() -> InSet("<max>101</max>") end},
     {"max less than 0", bad_request, fun() -> InSet("<max>-1</max>") end},
     {"max is no number", bad_request, fun() -> InSet("<max>many</max>") end},
     {"an empty max", bad_request, fun() -> InSet("<max/>") end},
     {"after an id", {ok, <<"tag-7">>, 100}, fun() -> InSet("<after>tag-7</after>") end},
     {"after nothing", {ok, <<>>, 100}, fun() -> InSet("<after/>") end},
     {"after an id, with max", {ok, <<"tag-7">>, 3}, fun() -> InSet("<max>3</max><after>tag-7</after>") end},
     {"backwards", feature_not_implemented, fun() -> InSet("<before/>") end},
     {"by index", feature_not_implemented, fun() -> InSet("<index>3</index>") end},
     {"backwards with a bad max", feature_not_implemented, fun() -> InSet("<max>many</max><before/>") end}].

page() ->
    Set = fun(Children) -> "<set xmlns='http://jabber.org/protocol/rsm'>" ++ Children ++ "</set></pending>" end,
    Begin = "<pending xmlns='urn:xmpp:subscription-requests:0'>",
    Requests = [#xmlel{name = <<"request">>, attrs = [{<<"id">>, list_id(<<"tag">>, Number)}]} || Number <- [3, 4, 12]],
    [{"first, last and count of all",
      Begin ++ "<request id='tag-3'/><request id='tag-4'/><request id='tag-12'/>" ++
	  Set("<first>tag-3</first><last>tag-12</last><count>17</count>"),
      fun() -> text(page(Requests, 17)) end},
     {"of one request",
      Begin ++ "<request id='tag-3'/>" ++ Set("<first>tag-3</first><last>tag-3</last><count>1</count>"),
      fun() -> text(page([hd(Requests)], 1)) end},
     {"empty", Begin ++ Set("<count>17</count>"), fun() -> text(page([], 17)) end}].

list_number() ->
    Number = fun(Id) -> list_number(<<"tag">>, 12, Id) end,
    [{"at the beginning", 0, fun() -> Number(beginning) end},
     {"the first", 1, fun() -> Number(<<"tag-1">>) end},
     {"the last", 12, fun() -> Number(<<"tag-12">>) end},
     {"what list_id made", 7, fun() -> Number(list_id(<<"tag">>, 7)) end},
     {"behind the last", unknown, fun() -> Number(<<"tag-13">>) end},
     {"none has 0", unknown, fun() -> Number(<<"tag-0">>) end},
     {"less than 0", unknown, fun() -> Number(<<"tag--1">>) end},
     {"of another list", unknown, fun() -> Number(<<"gat-7">>) end},
     {"no number", unknown, fun() -> Number(<<"tag-x">>) end},
     {"the tag only", unknown, fun() -> Number(<<"tag-">>) end},
     {"empty", unknown, fun() -> Number(<<>>) end}].

is_wrapped() ->
    [{"our own elements are not", false, fun() -> is_wrapped([xml("<answer/>")]) end},
     {"nothing is not", false, fun() -> is_wrapped([]) end},
     {"a privileged iq is", true, fun() -> is_wrapped([xml("<privileged_iq xmlns='urn:xmpp:privilege:2'/>")]) end},
     {"what has been decoded may be", true, fun() -> is_wrapped([#ping{}]) end}].

is_moderate() ->
    X = #xmlel{name = <<"x">>},
    Flat = fun(Count) -> X#xmlel{children = lists:duplicate(Count - 1, X)} end,
    Deep = fun(Count) -> lists:foldl(fun(_, Inner) -> X#xmlel{children = [Inner]} end, X, lists:seq(2, Count)) end,
    Text = fun(Text) -> X#xmlel{children = [{xmlcdata, Text}]} end,
    Long = fun(Bytes) -> Text(binary:copy(<<"a">>, Bytes - byte_size(<<"<x></x>">>))) end,
    [{"300 elements side by side", true, fun() -> is_moderate(Flat(300)) end},
     {"301 elements side by side", false, fun() -> is_moderate(Flat(301)) end},
     {"300 elements in each other", true, fun() -> is_moderate(Deep(300)) end},
     {"301 elements in each other", false, fun() -> is_moderate(Deep(301)) end},
     {"texts are no elements", true,
      fun() -> is_moderate(X#xmlel{children = lists:duplicate(1000, {xmlcdata, <<"a">>})}) end},
     {"10000 bytes", true, fun() -> is_moderate(Long(10000)) end},
     {"10001 bytes", false, fun() -> is_moderate(Long(10001)) end},
     {"2500 that become five times as many", false, fun() -> is_moderate(Text(binary:copy(<<"&">>, 2500))) end}].

grant() ->
    [{"iq, both",
      "<privilege xmlns='urn:xmpp:privilege:2'><perm access='iq'>"
      "<namespace ns='urn:xmpp:subscription-requests:0' type='both'/></perm></privilege>",
      fun() -> text(permission([?NS])) end},
     {"a part that is only read, and one in which something may be changed",
      ["get", "get", "both"], fun() -> access([?NS_PEOPLE, ?NS_APPROVALS, {?NS_APPROVALS, set}]) end}].

access(Parts) ->
    #xmlel{children = [#xmlel{children = Namespaces}]} = permission(Parts),
    [binary_to_list(fxml:get_tag_attr_s(<<"type">>, Namespace)) || Namespace <- Namespaces].

xml(Text) -> #xmlel{} = fxml_stream:parse_element(iolist_to_binary(Text)).

text(Element) -> binary_to_list(fxml:element_to_binary(Element)).
