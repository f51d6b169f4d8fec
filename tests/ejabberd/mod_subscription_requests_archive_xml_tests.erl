-module(mod_subscription_requests_archive_xml_tests).

-include_lib("eunit/include/eunit.hrl").
-include("mod_subscription_requests.hrl").

-import(mod_subscription_requests_archive_xml, [setting/2, is_preferences/1, page/3, person/4, mark/2]).

-define(HOST, <<"capulet.lit">>).

%% One table a function: {what it shows, expected, seen}. Addresses are prepared by code that has to be loaded first.
all_test_() ->
    {setup, fun() -> {ok, _} = application:ensure_all_started(xmpp) end,
     fun(_) ->
	     [{atom_to_list(Table) ++ ": " ++ Name, ?_assertEqual(Expected, Seen())}
	      || {Table, Cases} <- tables(), {Name, Expected, Seen} <- Cases]
     end}.

tables() -> [{setting, setting()}, {preferences, preferences()}, {sent, sent()}, {marks, marks()}].

setting() ->
    Setting = fun(Attributes) -> setting(?HOST, xml(["<archive ", Attributes, "/>"])) end,
    Never = "user='juliet@capulet.lit' default='never'",
    [{"without a lock", {ok, <<"juliet">>, never, false, none}, fun() -> Setting(Never) end},
     {"prepared", {ok, <<"juliet">>, always, true, none}, fun() -> Setting("user='Juliet@CAPULET.lit' default='always' lock='1'") end},
     {"that takes a lock away", {ok, <<"juliet">>, roster, false, none},
      fun() -> Setting("user='juliet@capulet.lit' default='roster' lock='false'") end},
     {"of what has a mark", {ok, <<"juliet">>, never, false, <<"7">>}, fun() -> Setting(Never ++ " mark='7'") end}
     | [{Attributes, bad_request, fun() -> Setting(Attributes) end}
	|| Attributes <- ["", "user='juliet@capulet.lit'", "default='never'", Never ++ " lock='yes'", Never ++ " lock=''",
			  "user='juliet@capulet.lit' default='Never'", "user='juliet@capulet.lit/balcony' default='never'",
			  "user='capulet.lit' default='never'", "user='romeo@montague.lit' default='never'",
			  "user='@' default='never'"]]].

preferences() ->
    Prefs = fun(Namespace) -> xml(["<prefs xmlns='", Namespace, "' default='never'/>"]) end,
    [{Namespace ++ Kind, true, fun() -> is_preferences(Decode(Prefs(Namespace))) end}
     || Namespace <- ["urn:xmpp:mam:2", "urn:xmpp:mam:1", "urn:xmpp:mam:0", "urn:xmpp:mam:tmp"],
	{Kind, Decode} <- [{"", fun(Payload) -> Payload end}, {" decoded", fun xmpp:decode/1}]]
	++ [{"a query", false, fun() -> is_preferences(xml("<query xmlns='urn:xmpp:mam:2'/>")) end},
	    {"of something else", false, fun() -> is_preferences(Prefs("urn:example:prefs")) end}].

sent() ->
    [{"a page",
      "<archive xmlns='urn:xmpp:subscription-requests:0#archive' server-default='never'>"
      "<person jid='juliet@capulet.lit' default='roster' lock='true' since='2026-11-02T09:14:07Z' mark='" ++
	  mark_text(roster, {roster, 1793610847}) ++ "'/><person jid='nurse@capulet.lit' mark='" ++ mark_text(none, none) ++ "'/>"
      "<set xmlns='http://jabber.org/protocol/rsm'><first>7F-2</first><last>7F-3</last><count>3</count></set></archive>",
      fun() ->
	      text(page(never, [{<<"7F-2">>, person(?HOST, <<"juliet">>, roster, {roster, 1793610847})},
				{<<"7F-3">>, person(?HOST, <<"nurse">>, none, none)}], 3))
      end},
     {"a lock alone", "<person jid='nurse@capulet.lit' lock='true' since='1970-01-01T00:00:00Z' mark='" ++ mark_text(none, {never, 0}) ++ "'/>",
      fun() -> text(person(?HOST, <<"nurse">>, none, {never, 0})) end}].

mark_text(Default, Lock) -> binary_to_list(mark(Default, Lock)).

marks() ->
    All = [{Default, Lock} || Default <- [none, always, roster, never], Lock <- [none, {roster, 1}, {never, 1}, {never, 2}]],
    Marks = fun() -> [mark(Default, Lock) || {Default, Lock} <- All] end,
    [{"are different where anything is", length(All), fun() -> length(lists:usort(Marks())) end},
     {"are not long", [], fun() -> [Mark || Mark <- Marks(), byte_size(Mark) > 128 orelse Mark == <<>>] end}].

xml(Text) -> #xmlel{} = fxml_stream:parse_element(iolist_to_binary(Text)).

text(Element) -> binary_to_list(fxml:element_to_binary(Element)).
