%%% From stanzas to terms and back. Pure.

-module(mod_subscription_requests_xml).

%% Addresses
-export([key/2, user_jid/2, contact_jid/1, bare/1, address/1]).
%% What is sent to entities
-export([request_id/1, request/5, item/4, labelled_item/3, add_item/2, nick/1, first_text/1, requests/1, permission/1, page/2, page_set/2]).
-export([removed/2, accounts/2, shorten/2, plain/1]).
%% What entities send
-export([answers/1, later_answer/1, label/1, asked_accounts/2, listed_user/1, page_query/1, list_id/2, has_tag/2, list_number/3, is_wrapped/1]).
%% What others send to them
-export([is_moderate/1]).

-include("mod_subscription_requests.hrl").

-define(NS_PRIVILEGE_2, <<"urn:xmpp:privilege:2">>).
-define(MAX_TEXT, 1024). % bytes of a stranger's <status/> or <nick/> that reach the entity
-define(MAX_LABEL, 256). % bytes of a name or a group that an answer gives to a contact
-define(MAX_FIELD, 256). % bytes of a text that a user wrote
-define(MAX_PAGE, 100). % requests in one page of the waiting list
-define(MAX_ACCOUNTS, 100). % in one query of accounts
-define(MAX_BYTES, 10000). % of a stanza for an entity that somebody else wrote
-define(MAX_ELEMENTS, 300).

%%%===================================================================
%%% Addresses
%%%===================================================================

-spec key(User :: jid:jid(), Contact :: jid:jid()) -> key().
key(User, Contact) -> {User#jid.luser, bare(Contact)}.

-spec user_jid(binary(), key()) -> jid:jid().
user_jid(Host, {User, _}) -> jid:make(User, Host).

-spec contact_jid(key()) -> jid:jid().
contact_jid({_, Contact}) -> jid:make(Contact).

-spec bare(jid:jid() | jid:ljid()) -> jid:ljid().
bare(Address) -> jid:remove_resource(jid:tolower(Address)).

-spec address(binary()) -> {ok, jid:ljid()} | malformed.
address(Text) ->
    try {ok, jid:tolower(jid:decode(Text))}
    catch error:{bad_jid, _} -> malformed
    end.

%%%===================================================================
%%% What is sent to entities
%%%===================================================================

-spec request_id(pos_integer()) -> binary().
request_id(Id) -> integer_to_binary(Id, 16).

%% Nothing of what a stranger wrote but these texts.
-spec request(binary(), binary(), key(), [{binary(), binary()}], fxml:xmlel() | none) -> fxml:xmlel().
request(Id, Host, Key, Texts, Item) ->
    Presence = #xmlel{name = <<"presence">>,
		      attrs = [{<<"xmlns">>, ?NS_CLIENT}, {<<"type">>, <<"subscribe">>},
			       {<<"from">>, jid:encode(contact_jid(Key))}, {<<"to">>, jid:encode(user_jid(Host, Key))}],
		      children = [text_element(Name, Text) || {Name, Text} <- Texts, Text /= <<>>]},
    Forwarded = #xmlel{name = <<"forwarded">>, attrs = [{<<"xmlns">>, ?NS_FORWARD}], children = [Presence]},
    #xmlel{name = <<"request">>, attrs = [{<<"id">>, Id}], children = [Forwarded | [Item || Item /= none]]}.

text_element(Name, Text) ->
    #xmlel{name = Name,
	   attrs = [{<<"xmlns">>, ?NS_NICK} || Name == <<"nick">>],
	   children = [{xmlcdata, shorten(Text, ?MAX_TEXT)}]}.

%% To so many bytes of UTF-8, between two characters.
-spec shorten(binary(), pos_integer()) -> binary().
shorten(Text, Size) when byte_size(Text) =< Size -> Text;
shorten(Text, Size) ->
    case binary:at(Text, Size) of
	Byte when Byte band 2#11000000 == 2#10000000 -> shorten(Text, Size - 1);
	_ -> binary:part(Text, 0, Size)
    end.

%% A text that a user wrote: on one line, and not longer than is sent. Fails where it is not UTF-8.
-spec plain(binary()) -> binary().
plain(Text) ->
    Spaced = re:replace(Text, "[\\s\\x{0}-\\x{1f}\\x{7f}-\\x{9f}]+", " ", [global, unicode, ucp, {return, binary}]),
    shorten(string:trim(Spaced, both, " "), ?MAX_FIELD).

%% The user's roster item, or none: ejabberd keeps a pending request in an item of its own, which users do not see.
-spec item(key(), Subscription :: atom(), Ask :: atom(), IsApproved :: boolean()) -> fxml:xmlel().
item(Key, Subscription, Ask, IsApproved) ->
    #xmlel{name = <<"item">>,
	   attrs = [{<<"xmlns">>, ?NS_ROSTER}, {<<"jid">>, jid:encode(contact_jid(Key))},
		    {<<"subscription">>, atom_to_binary(Subscription, utf8)}]
	   ++ [{<<"ask">>, <<"subscribe">>} || Ask == both]
	   ++ [{<<"approved">>, <<"true">>} || IsApproved]}.

%% The item that the user's client would send to name the contact and to put it into groups, as mod_roster takes it.
-spec labelled_item(key(), Name :: binary(), Groups :: [binary()]) -> #roster_item{}.
labelled_item(Key, Name, Groups) ->
    xmpp:decode(#xmlel{name = <<"item">>,
		       attrs = [{<<"xmlns">>, ?NS_ROSTER}, {<<"jid">>, jid:encode(contact_jid(Key))}, {<<"name">>, Name}],
		       children = [cdata(<<"group">>, Group) || Group <- Groups]}).

-spec add_item(fxml:xmlel(), Request :: fxml:xmlel()) -> fxml:xmlel().
add_item(Item, #xmlel{children = [Forwarded]} = Request) -> Request#xmlel{children = [Forwarded, Item]}.

-spec nick(presence()) -> binary().
nick(Presence) ->
    case xmpp:get_subtag(Presence, #nick{}) of
	#nick{name = Name} -> Name;
	false -> <<>>
    end.

-spec first_text([#text{}]) -> binary().
first_text([#text{data = Text} | _]) -> Text;
first_text([]) -> <<>>.

-spec requests([fxml:xmlel()]) -> fxml:xmlel().
requests(Requests) ->
    #xmlel{name = <<"requests">>, attrs = [{<<"xmlns">>, ?NS}], children = Requests}.

%% XEP-0356 section 4.2.
-spec permission([part()]) -> fxml:xmlel().
permission(Parts) ->
    Namespaces = [#xmlel{name = <<"namespace">>, attrs = [{<<"ns">>, Namespace}, {<<"type">>, Access}]}
		  || Part <- Parts, {Namespace, Access} <- [access(Part)]],
    Permission = #xmlel{name = <<"perm">>, attrs = [{<<"access">>, <<"iq">>}], children = Namespaces},
    #xmlel{name = <<"privilege">>, attrs = [{<<"xmlns">>, ?NS_PRIVILEGE_2}], children = [Permission]}.

access(?NS) -> {?NS, <<"both">>};
access({Part, set}) -> {Part, <<"both">>}; % whoever may change something may read it
access(Part) -> {Part, <<"get">>}.

%% A page of the waiting list (XEP-0059), with the number of all that waits.
-spec page([fxml:xmlel()], non_neg_integer() | unknown) -> fxml:xmlel().
page(Requests, Count) ->
    Set = page_set([id(Request) || Request <- Requests], Count),
    #xmlel{name = <<"pending">>, attrs = [{<<"xmlns">>, ?NS}], children = Requests ++ [Set]}.

%% What XEP-0059 has in a page with these ids.
-spec page_set(Ids :: [binary()], Count :: non_neg_integer() | unknown) -> fxml:xmlel().
page_set(Ids, Count) ->
    Ends = case Ids of
	       [] -> [];
	       [First | _] -> [cdata(<<"first">>, First), cdata(<<"last">>, lists:last(Ids))]
	   end,
    #xmlel{name = <<"set">>, attrs = [{<<"xmlns">>, ?NS_RSM}],
	   children = Ends ++ [cdata(<<"count">>, integer_to_binary(Count)) || Count /= unknown]}.

-spec removed(binary(), User :: binary()) -> fxml:xmlel().
removed(Host, User) -> accounts(<<"removed">>, Host, [User]).

%% Those that exist.
-spec accounts(binary(), [User :: binary()]) -> fxml:xmlel().
accounts(Host, Users) -> accounts(<<"accounts">>, Host, Users).

accounts(Name, Host, Users) ->
    #xmlel{name = Name, attrs = [{<<"xmlns">>, ?NS}],
	   children = [#xmlel{name = <<"account">>, attrs = [{<<"jid">>, jid:encode(jid:make(User, Host))}]}
		       || User <- Users]}.

id(Element) -> fxml:get_tag_attr_s(<<"id">>, Element).

cdata(Name, Text) -> #xmlel{name = Name, children = [{xmlcdata, Text}]}.

%%%===================================================================
%%% What entities send
%%%===================================================================

%% The reply to an ask, by the requests' ids, and beside it the labels. (Another node of the cluster may get it whose
%% connector is older: that looks for ids only.) Of several answers with one id the first.
-spec answers(iq()) -> #{Id => answer(), {label, Id} => label()} when Id :: binary().
answers(#iq{type = result, sub_els = [Element]}) ->
    case xmpp:encode(Element) of
	#xmlel{name = <<"answers">>, children = Children} = Answers ->
	    case fxml:get_tag_attr_s(<<"xmlns">>, Answers) of
		?NS ->
		    First = maps:from_list([{id(Answer), Answer}
					    || #xmlel{name = <<"answer">>} = Answer <- lists:reverse(Children)]),
		    maps:from_list(lists:flatmap(fun({Id, Answer}) -> answer_and_label(Id, Answer) end, maps:to_list(First)));
		_ ->
		    #{}
	    end;
	_ ->
	    #{}
    end;
answers(_IQ) ->
    #{}.

answer_and_label(Id, Answer) ->
    Label = label(Answer),
    [{Id, answer(Answer)} | [{{label, Id}, Label} || Label /= none]].

answer(Answer) ->
    {case fxml:get_tag_attr_s(<<"type">>, Answer) of
	 <<"subscribed">> -> subscribed;
	 <<"unsubscribed">> -> unsubscribed;
	 <<"none">> -> none;
	 _ -> unknown
     end,
     lists:member(fxml:get_tag_attr_s(<<"ask-back">>, Answer), [<<"true">>, <<"1">>])}.

%% What an answer says of the user's item for the contact (S102, S104).
-spec label(fxml:xmlel()) -> label().
label(Answer) ->
    case fxml:get_subtag_with_xmlns(Answer, <<"item">>, ?NS_ROSTER) of
	false ->
	    none;
	Item ->
	    case {label_text(fxml:get_tag_attr_s(<<"name">>, Item)), label_text(first_group(Item))} of
		{<<>>, <<>>} -> none;
		Label -> Label
	    end
    end.

first_group(Item) ->
    case fxml:get_subtag(Item, <<"group">>) of
	false -> <<>>;
	Group -> fxml:get_tag_cdata(Group)
    end.

%% Empty unless it may be shown.
label_text(Text) when byte_size(Text) > ?MAX_LABEL -> <<>>;
label_text(Text) ->
    HasControls = re:run(Text, "[\\x00-\\x1f\\x7f-\\x9f]", [unicode, {capture, none}]) == match,
    case HasControls orelse string:trim(Text) == <<>> of
	true -> <<>>;
	false -> Text
    end.

-spec later_answer(fxml:xmlel()) ->
	  {ok, User :: jid:ljid(), Contact :: jid:ljid(), answer()} | bad_request | jid_malformed.
later_answer(Element) ->
    case {answer(Element), fxml:get_tag_attr(<<"user">>, Element), fxml:get_tag_attr(<<"contact">>, Element)} of
	{{Type, _} = Answer, {value, UserText}, {value, ContactText}} when Type /= unknown ->
	    case {address(UserText), address(ContactText)} of
		{{ok, User}, {ok, Contact}} -> {ok, User, Contact, Answer};
		_ -> jid_malformed
	    end;
	_ ->
	    bad_request
    end.

%% Whose existence is asked: accounts of this host.
-spec asked_accounts(binary(), fxml:xmlel()) -> {ok, [User :: binary()]} | bad_request | jid_malformed.
asked_accounts(Host, #xmlel{children = Children}) ->
    Texts = [fxml:get_tag_attr(<<"jid">>, Account) || #xmlel{name = <<"account">>} = Account <- Children],
    case length(Texts) >= 1 andalso length(Texts) =< ?MAX_ACCOUNTS andalso not lists:member(false, Texts) of
	true ->
	    Users = [User || {value, Text} <- Texts, {ok, {User, Server, <<>>}} <- [address(Text)],
			     User /= <<>>, Server == Host],
	    case length(Users) == length(Texts) of
		true -> {ok, Users};
		false -> jid_malformed
	    end;
	false ->
	    bad_request
    end.

%% Whose requests a query of the waiting list is about.
-spec listed_user(fxml:xmlel()) -> all | {ok, jid:ljid()} | malformed.
listed_user(Query) ->
    case fxml:get_tag_attr(<<"user">>, Query) of
	false -> all;
	{value, Text} -> address(Text)
    end.

%% Where the page begins, after an id or at the beginning, and its size (XEP-0059).
-spec page_query(fxml:xmlel()) ->
	  {ok, After :: binary() | beginning, Max :: non_neg_integer()} | bad_request | feature_not_implemented.
page_query(Query) ->
    Set = fxml:get_subtag_with_xmlns(Query, <<"set">>, ?NS_RSM),
    case {subtag(Set, <<"before">>), subtag(Set, <<"index">>), page_size(subtag(Set, <<"max">>))} of
	{false, false, bad} ->
	    bad_request;
	{false, false, Max} ->
	    {ok, case subtag(Set, <<"after">>) of
		     false -> beginning;
		     After -> fxml:get_tag_cdata(After)
		 end, Max};
	_ ->
	    feature_not_implemented
    end.

subtag(false, _Name) -> false;
subtag(Element, Name) -> fxml:get_subtag(Element, Name).

page_size(false) -> ?MAX_PAGE;
page_size(Max) ->
    try binary_to_integer(string:trim(fxml:get_tag_cdata(Max))) of
	Number when Number >= 0 -> min(Number, ?MAX_PAGE);
	_ -> bad
    catch error:badarg -> bad
    end.

%% Ids in the waiting list are the list's tag and the entry's number.
-spec list_id(binary(), pos_integer()) -> binary().
list_id(Tag, Number) -> <<Tag/binary, $-, (integer_to_binary(Number))/binary>>.

-spec has_tag(Tag :: binary(), Id :: binary()) -> boolean().
has_tag(Tag, Id) ->
    Size = byte_size(Tag),
    case Id of
	<<Tag:Size/binary, $-, _/binary>> -> true;
	_ -> false
    end.

-spec list_number(Tag :: binary(), Last :: non_neg_integer(), binary() | beginning) -> non_neg_integer() | unknown.
list_number(_Tag, _Last, beginning) -> 0;
list_number(Tag, Last, Id) ->
    Size = byte_size(Tag),
    try
	<<Tag:Size/binary, $-, Text/binary>> = Id,
	case binary_to_integer(Text) of
	    Number when Number >= 1, Number =< Last -> Number;
	    _ -> unknown
	end
    catch error:_ ->
	unknown
    end.

%% In a <privileged_iq/> (XEP-0356), which says that it speaks as somebody else; or in anything that is not known.
-spec is_wrapped([term()]) -> boolean().
is_wrapped(Elements) ->
    lists:any(fun(#xmlel{name = Name}) -> Name == <<"privileged_iq">>;
		 (_) -> true
	      end, Elements).

%%%===================================================================
%%% What others send to entities
%%%===================================================================

-spec is_moderate(fxml:xmlel()) -> boolean().
is_moderate(Element) ->
    room_after([Element], ?MAX_ELEMENTS) >= 0 andalso byte_size(fxml:element_to_binary(Element)) =< ?MAX_BYTES.

%% How many more elements there could be; less than 0: there are too many.
room_after([#xmlel{children = Children} | Rest], Room) when Room >= 0 ->
    room_after(Rest, room_after(Children, Room - 1));
room_after([_Text | Rest], Room) when Room >= 0 ->
    room_after(Rest, Room);
room_after(_, Room) ->
    Room.
