-module(mod_subscription_requests_people_xml_tests).

-include_lib("eunit/include/eunit.hrl").
-include("mod_subscription_requests.hrl").

-import(mod_subscription_requests_people_xml, [people_query/2, availability_query/2, configures/2, page/2, person/3, changed/3, availability/2,
					       vcard4_fields/1, vcard_temp_fields/1, preferred/1, most_available/1]).

-define(HOST, <<"capulet.lit">>).
-define(PEOPLE, "<people xmlns='urn:xmpp:subscription-requests:0#people'>").

%% One table a function: {what it shows, expected, seen}. Addresses are prepared by code that has to be loaded first.
all_test_() ->
    {setup, fun() -> {ok, _} = application:ensure_all_started(xmpp) end,
     fun(_) ->
	     [{atom_to_list(Table) ++ ": " ++ Name, ?_assertEqual(Expected, Seen())}
	      || {Table, Cases} <- tables(), {Name, Expected, Seen} <- Cases]
     end}.

tables() ->
    [{people_query, people_query()}, {availability_query, availability_query()}, {configures, configures()}, {sent, sent()}, {vcard4, vcard4()},
     {vcard_temp, vcard_temp()}, {field, field()}, {preferred, preferred()}, {most_available, most_available()}].

people_query() ->
    Query = fun(Children) -> people_query(?HOST, xml(["<people>", Children, "</people>"])) end,
    Set = fun(Children) -> Query(["<set xmlns='http://jabber.org/protocol/rsm'>", Children, "</set>"]) end,
    Persons = fun(Number) ->
		      Query([["<person jid='p", integer_to_binary(N), "@capulet.lit'/>"] || N <- lists:seq(1, Number)])
	      end,
    [{"nothing is the first page", {page, beginning, 100}, fun() -> Query("") end},
     {"a place and a size", {page, <<"7F-2">>, 7}, fun() -> Set("<max>7</max><after>7F-2</after>") end},
     {"a page has 100", {page, beginning, 100}, fun() -> Set("<max>101</max>") end},
     {"nobody reads backwards", feature_not_implemented, fun() -> Set("<before/>") end},
     {"a size is a number", bad_request, fun() -> Set("<max>many</max>") end},
     {"some again, prepared", {some, [<<"juliet">>, <<"nurse">>]},
      fun() -> Query("<person jid='Juliet@CAPULET.lit'/><person jid='nurse@capulet.lit'/>") end},
     {"some again, each once", {some, [<<"nurse">>, <<"juliet">>]},
      fun() -> Query("<person jid='nurse@capulet.lit'/><person jid='juliet@capulet.lit'/>"
		     "<person jid='nurse@capulet.lit'/>") end},
     {"some again whatever the page", {some, [<<"juliet">>]},
      fun() -> Query("<person jid='juliet@capulet.lit'/><set xmlns='http://jabber.org/protocol/rsm'><max>x</max></set>") end},
     {"100 are some", 100, fun() -> {some, Users} = Persons(100), length(Users) end},
     {"101 are too many", bad_request, fun() -> Persons(101) end}
     | [{"nobody there has " ++ Address, bad_request,
	 fun() -> Query(["<person jid='juliet@capulet.lit'/><person jid='", Address, "'/>"]) end}
	|| Address <- ["", "@", "capulet.lit", "juliet@capulet.lit/balcony", "romeo@montague.lit",
		       "juliet@sub.capulet.lit"]]].

availability_query() ->
    Query = fun(To, Users) ->
		    availability_query(?HOST, xml(["<availability to='", To, "'>",
						   [["<user jid='", User, "'/>"] || User <- Users], "</availability>"]))
	    end,
    Many = fun(Number) -> [["p", integer_to_binary(N), "@capulet.lit"] || N <- lists:seq(1, Number)] end,
    Juliet = "juliet@capulet.lit",
    Romeo = "romeo@montague.lit/orchard",
    Viewer = {<<"romeo">>, <<"montague.lit">>, <<"orchard">>},
    [{"viewer and users", {ok, Viewer, [<<"juliet">>]}, fun() -> Query(Romeo, [Juliet]) end},
     {"users each once", {ok, Viewer, [<<"juliet">>, <<"nurse">>]},
      fun() -> Query(Romeo, [Juliet, "nurse@capulet.lit", "JULIET@capulet.lit"]) end},
     {"any viewer", {ok, {<<>>, <<"montague.lit">>, <<>>}, [<<"juliet">>]}, fun() -> Query("montague.lit", [Juliet]) end},
     {"no viewer", bad_request, fun() -> availability_query(?HOST, xml("<availability><user jid='a@capulet.lit'/>"
									"</availability>")) end},
     {"viewer is no address", bad_request, fun() -> Query("@", [Juliet]) end},
     {"no user", bad_request, fun() -> Query(Romeo, []) end},
     {"50 users", 50, fun() -> {ok, _, Users} = Query(Romeo, Many(50)), length(Users) end},
     {"51 users", bad_request, fun() -> Query(Romeo, Many(51)) end},
     {"a user of another host", bad_request, fun() -> Query(Romeo, [Juliet, "benvolio@montague.lit"]) end}].

configures() ->
    Owner = fun(Children) -> xml(["<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'>", Children, "</pubsub>"]) end,
    VCard4 = fun(Payload) -> configures(<<"urn:xmpp:vcard4">>, Payload) end,
    [{"that node", true, fun() -> VCard4(Owner("<configure node='urn:xmpp:vcard4'/>")) end},
     {"as ejabberd may have decoded it", true,
      fun() -> VCard4(xmpp:decode(Owner("<configure node='urn:xmpp:vcard4'/>"))) end},
     {"another node", false, fun() -> VCard4(Owner("<configure node='urn:xmpp:avatar:data'/>")) end},
     {"something else of that node", false, fun() -> VCard4(Owner("<purge node='urn:xmpp:vcard4'/>")) end},
     {"something else", false, fun() -> VCard4(xml("<query xmlns='jabber:iq:roster'/>")) end}].

sent() ->
    Juliet = fun() -> person(?HOST, <<"juliet">>, #{<<"nick">> => <<"Jule">>, <<"fn">> => <<"J & R">>}) end,
    Changed = "<changed xmlns='urn:xmpp:subscription-requests:0#people'",
    [{"a person's fields in their order",
      "<person jid='juliet@capulet.lit'><fn>J &amp; R</fn><nick>Jule</nick></person>", fun() -> text(Juliet()) end},
     {"a person of whom nothing is known", "<person jid='nurse@capulet.lit'/>",
      fun() -> text(person(?HOST, <<"nurse">>, #{})) end},
     {"a page",
      ?PEOPLE "<person jid='nurse@capulet.lit'/><set xmlns='http://jabber.org/protocol/rsm'>"
      "<first>7F-2</first><last>7F-2</last><count>3</count></set></people>",
      fun() -> text(page([{<<"7F-2">>, person(?HOST, <<"nurse">>, #{})}], 3)) end},
     {"an empty page", ?PEOPLE "<set xmlns='http://jabber.org/protocol/rsm'/></people>", fun() -> text(page([], unknown)) end},
     {"these have changed", Changed ++ "><person jid='nurse@capulet.lit'/></changed>",
      fun() -> text(changed(?NS_PEOPLE, ?HOST, [<<"nurse">>])) end},
     {"anybody may have changed", Changed ++ "/>", fun() -> text(changed(?NS_PEOPLE, ?HOST, anybody)) end},
     {"101 are anybody", Changed ++ "/>", fun() -> text(changed(?NS_PEOPLE, ?HOST, lists:duplicate(101, <<"nurse">>))) end},
     {"who is available",
      "<availability xmlns='urn:xmpp:subscription-requests:0#people'><user jid='juliet@capulet.lit' show='dnd'/></availability>",
      fun() -> text(availability(?HOST, [{<<"juliet">>, dnd}])) end}].

vcard4() ->
    Fields = fun(Children) -> vcard4_fields(xml(["<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'>", Children, "</vcard>"])) end,
    [{"all", #{<<"fn">> => <<"Juliet Capulet">>, <<"given">> => <<"Juliet">>, <<"family">> => <<"Capulet">>,
	       <<"nick">> => <<"Jule">>, <<"email">> => <<"j@capulet.lit">>},
      fun() -> Fields("<fn><text>Juliet Capulet</text></fn><n><surname>Capulet</surname><given>Juliet</given></n>"
		      "<nickname><text>Jule</text></nickname><email><text>j@capulet.lit</text></email>"
		      "<tel><text>1</text></tel>") end},
     {"nothing", #{}, fun() -> Fields("") end},
     {"no text", #{}, fun() -> Fields("<fn>Juliet</fn>") end},
     {"the first that is not empty", #{<<"email">> => <<"j@capulet.lit">>},
      fun() -> Fields("<email/><email><text> </text></email><email><text>j@capulet.lit</text></email>"
		      "<email><text>x@capulet.lit</text></email>") end}].

vcard_temp() ->
    Fields = fun(Children) -> vcard_temp_fields(xml(["<vCard xmlns='vcard-temp'>", Children, "</vCard>"])) end,
    [{"all", #{<<"fn">> => <<"Juliet Capulet">>, <<"given">> => <<"Juliet">>, <<"family">> => <<"Capulet">>,
	       <<"nick">> => <<"Jule">>, <<"email">> => <<"j@capulet.lit">>},
      fun() -> Fields("<FN>Juliet Capulet</FN><N><FAMILY>Capulet</FAMILY><GIVEN>Juliet</GIVEN></N><NICKNAME>Jule</NICKNAME>"
		      "<EMAIL><INTERNET/><USERID>j@capulet.lit</USERID></EMAIL><TEL><NUMBER>1</NUMBER></TEL>") end},
     {"the first that is not empty", #{<<"nick">> => <<"Jule">>},
      fun() -> Fields("<NICKNAME>\n</NICKNAME><NICKNAME>Jule</NICKNAME><NICKNAME>J</NICKNAME>") end}].

field() ->
    Field = fun(Text) ->
		    VCard = #xmlel{name = <<"vCard">>, children = [#xmlel{name = <<"FN">>, children = [{xmlcdata, Text}]}]},
		    maps:get(<<"fn">>, vcard_temp_fields(VCard), none)
	    end,
    Name = binary:copy(<<"a">>, 255),
    [{"spaces and control characters are one space", <<"Juliet of Verona">>,
      fun() -> Field(<<"\r\n Juliet\t\x{7f} of", 16#c2, 16#85, "Verona ">>) end},
     {"nothing but those is nothing", none, fun() -> Field(<<" \n\x{1}">>) end},
     {"256 bytes", <<Name/binary, "b">>, fun() -> Field(<<Name/binary, "b">>) end},
     {"257 bytes are cut", <<Name/binary, "b">>, fun() -> Field(<<Name/binary, "bc">>) end},
     {"between two characters", Name, fun() -> Field(<<Name/binary, "ü"/utf8>>) end},
     {"other characters stay", <<"Jülïêt 朱丽叶 👑"/utf8>>, fun() -> Field(<<"Jülïêt 朱丽叶 👑"/utf8>>) end},
     {"no UTF-8", failed, fun() -> try Field(<<255>>) catch _:_ -> failed end end}].

preferred() ->
    [{"the first counts", #{<<"fn">> => <<"A">>, <<"nick">> => <<"b">>},
      fun() -> preferred([#{<<"fn">> => <<"A">>}, #{<<"fn">> => <<"B">>, <<"nick">> => <<"b">>}]) end},
     {"nothing", #{}, fun() -> preferred([#{}, #{}]) end}].

most_available() ->
    [{lists:flatten(io_lib:format("~p", [Resources])), Show, fun() -> most_available(Resources) end}
     || {Resources, Show} <- [{[], none},
			      {[{0, available}], available},
			      {[{-1, chat}], none},
			      {[{-1, chat}, {0, xa}], xa},
			      {[{5, dnd}, {1, chat}], dnd},
			      {[{1, dnd}, {1, xa}], xa},
			      {[{1, xa}, {1, away}], away},
			      {[{1, away}, {1, available}], available},
			      {[{1, available}, {1, chat}], chat},
			      {[{127, dnd}, {0, chat}, {-128, chat}], dnd}]].

xml(Text) -> #xmlel{} = fxml_stream:parse_element(iolist_to_binary(Text)).

text(Element) -> binary_to_list(fxml:element_to_binary(Element)).
