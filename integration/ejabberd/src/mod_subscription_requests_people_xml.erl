%%% The second part of the protocol, people: from stanzas to terms and back. Pure.

-module(mod_subscription_requests_people_xml).

%% What entities send
-export([people_query/2, availability_query/2]).
%% What users send
-export([configures/2]).
%% What is sent to them
-export([page/2, people/1, person/3, changed/3, availability/2]).
%% What is known of a person or of a user's resources
-export([vcard4_fields/1, vcard_temp_fields/1, preferred/1, most_available/1]).

-export_type([fields/0, show/0, resource/0]).

-include("mod_subscription_requests.hrl").

-define(MAX_PERSONS, 100). % in a page, in a query for some, in a hint
-define(MAX_USERS, 50). % in a query for availability
-define(FIELDS, [<<"fn">>, <<"given">>, <<"family">>, <<"nick">>, <<"email">>]). % in the order in which they are sent
-define(SHOWS, [chat, available, away, xa, dnd]). % the most available first

%% By the names of their elements; only those that are known.
-type fields() :: #{binary() => binary()}.
-type show() :: chat | available | away | xa | dnd.
-type resource() :: {Priority :: integer(), show()}.

%%%===================================================================
%%% What entities send
%%%===================================================================

%% A page of the list, or these users again; of another part of the protocol as well.
-spec people_query(binary(), fxml:xmlel()) ->
	  {page, After :: binary() | beginning, Max :: non_neg_integer()} |
	  {some, [User :: binary()]} |
	  bad_request | feature_not_implemented.
people_query(Host, #xmlel{children = Children} = Query) ->
    case [Person || #xmlel{name = <<"person">>} = Person <- Children] of
	[] ->
	    case mod_subscription_requests_xml:page_query(Query) of
		{ok, After, Max} -> {page, After, Max};
		Error -> Error
	    end;
	Persons ->
	    case users(Host, Persons, ?MAX_PERSONS) of
		bad_request -> bad_request;
		Users -> {some, Users}
	    end
    end.

%% Which users are available to that viewer.
-spec availability_query(binary(), fxml:xmlel()) -> {ok, Viewer :: jid:ljid(), [User :: binary()]} | bad_request.
availability_query(Host, #xmlel{children = Children} = Query) ->
    Users = users(Host, [User || #xmlel{name = <<"user">>} = User <- Children], ?MAX_USERS),
    case mod_subscription_requests_xml:address(fxml:get_tag_attr_s(<<"to">>, Query)) of
	{ok, Viewer} when is_list(Users) -> {ok, Viewer, Users};
	_ -> bad_request
    end.

%% Each once, in their order.
users(Host, Elements, Max) when Elements /= [], length(Elements) =< Max ->
    Addresses = [mod_subscription_requests_xml:address(fxml:get_tag_attr_s(<<"jid">>, Element)) || Element <- Elements],
    Users = [User || {ok, {User, Server, <<>>}} <- Addresses, User /= <<>>, Server == Host],
    case length(Users) == length(Elements) of
	true -> each_once(Users);
	false -> bad_request
    end;
users(_Host, _Elements, _Max) ->
    bad_request.

each_once([]) -> [];
each_once([User | Users]) -> [User | each_once([Other || Other <- Users, Other /= User])].

%%%===================================================================
%%% What users send
%%%===================================================================

%% Whether it is a request to configure that node (XEP-0060 section 8.2).
-spec configures(Node :: binary(), Payload :: tuple()) -> boolean().
configures(Node, Payload) ->
    xmpp:get_ns(Payload) == ?NS_PUBSUB_OWNER andalso
	case fxml:get_subtag(xmpp:encode(Payload), <<"configure">>) of
	    false -> false;
	    Configure -> fxml:get_tag_attr_s(<<"node">>, Configure) == Node
	end.

%%%===================================================================
%%% What is sent to them
%%%===================================================================

%% A page of the list (XEP-0059): its persons, each with its id, and the number of all.
-spec page([{Id :: binary(), fxml:xmlel()}], Count :: non_neg_integer() | unknown) -> fxml:xmlel().
page(Persons, Count) ->
    Set = mod_subscription_requests_xml:page_set([Id || {Id, _} <- Persons], Count),
    people([Person || {_, Person} <- Persons] ++ [Set]).

-spec people([fxml:xmlel()]) -> fxml:xmlel().
people(Children) -> in_namespace(<<"people">>, Children).

-spec person(binary(), User :: binary(), fields()) -> fxml:xmlel().
person(Host, User, Fields) ->
    with_address(<<"person">>, Host, User, [],
		 [#xmlel{name = Name, children = [{xmlcdata, maps:get(Name, Fields)}]}
		  || Name <- ?FIELDS, is_map_key(Name, Fields)]).

%% A hint that these have changed, or that anybody may have, of this part of the protocol.
-spec changed(part(), binary(), [User :: binary()] | anybody) -> fxml:xmlel().
changed(Part, Host, Users) when is_list(Users), length(Users) =< ?MAX_PERSONS ->
    #xmlel{name = <<"changed">>, attrs = [{<<"xmlns">>, Part}], children = [person(Host, User, #{}) || User <- Users]};
changed(Part, _Host, _Users) ->
    #xmlel{name = <<"changed">>, attrs = [{<<"xmlns">>, Part}]}.

-spec availability(binary(), [{User :: binary(), show()}]) -> fxml:xmlel().
availability(Host, Available) ->
    in_namespace(<<"availability">>, [with_address(<<"user">>, Host, User, [{<<"show">>, atom_to_binary(Show, utf8)}], [])
				 || {User, Show} <- Available]).

in_namespace(Name, Children) -> #xmlel{name = Name, attrs = [{<<"xmlns">>, ?NS_PEOPLE}], children = Children}.

with_address(Name, Host, User, Attributes, Children) ->
    #xmlel{name = Name, attrs = [{<<"jid">>, jid:encode(jid:make(User, Host))} | Attributes], children = Children}.

%%%===================================================================
%%% What is known of a person
%%%===================================================================

%% Of a vCard4 (RFC 6351). Fails where a text is not UTF-8, as does the next one.
-spec vcard4_fields(fxml:xmlel()) -> fields().
vcard4_fields(VCard) ->
    fields(VCard, [{<<"fn">>, [<<"fn">>, <<"text">>]}, {<<"given">>, [<<"n">>, <<"given">>]},
		   {<<"family">>, [<<"n">>, <<"surname">>]}, {<<"nick">>, [<<"nickname">>, <<"text">>]},
		   {<<"email">>, [<<"email">>, <<"text">>]}]).

%% Of a vCard as in XEP-0054.
-spec vcard_temp_fields(fxml:xmlel()) -> fields().
vcard_temp_fields(VCard) ->
    fields(VCard, [{<<"fn">>, [<<"FN">>]}, {<<"given">>, [<<"N">>, <<"GIVEN">>]}, {<<"family">>, [<<"N">>, <<"FAMILY">>]},
		   {<<"nick">>, [<<"NICKNAME">>]}, {<<"email">>, [<<"EMAIL">>, <<"USERID">>]}]).

%% Where several have a field, that of the first counts.
-spec preferred([fields()]) -> fields().
preferred(All) -> lists:foldr(fun(Fields, Others) -> maps:merge(Others, Fields) end, #{}, All).

fields(VCard, Paths) -> maps:from_list([{Name, Text} || {Name, Path} <- Paths, Text <- first_text(Path, VCard)]).

%% The first that is not empty.
first_text(Path, VCard) ->
    lists:sublist([Text || Element <- at(Path, [VCard]), Text <- [mod_subscription_requests_xml:plain(fxml:get_tag_cdata(Element))], Text /= <<>>], 1).

at([], Elements) ->
    Elements;
at([Name | Path], Elements) ->
    at(Path, [Child || #xmlel{children = Children} <- Elements, #xmlel{name = Found} = Child <- Children, Found == Name]).

%% Of the resources that count (RFC 6121 section 8.5.2.1.1), those with the highest priority, the most available.
-spec most_available([resource()]) -> show() | none.
most_available(Resources) ->
    case [Resource || {Priority, _} = Resource <- Resources, Priority >= 0] of
	[] ->
	    none;
	Counting ->
	    {Highest, _} = lists:max(Counting),
	    hd([Show || Show <- ?SHOWS, lists:member({Highest, Show}, Counting)])
    end.
