%%% The protocol's part about archiving preferences: from stanzas to terms and back. Pure.

-module(mod_subscription_requests_archive_xml).

%% What entities send
-export([setting/2]).
%% What users send
-export([is_preferences/1]).
%% What is sent to entities
-export([archive/2, page/3, person/4, mark/2]).

-include("mod_subscription_requests.hrl").

-type default() :: always | roster | never.

%% The account, what is to apply to it, whether that is to be locked, and the mark of what is stored now.
-spec setting(binary(), fxml:xmlel()) ->
	  {ok, User :: binary(), default(), IsLocked :: boolean(), Mark :: binary() | none} | bad_request.
setting(Host, Element) ->
    case {mod_subscription_requests_xml:address(attribute(<<"user">>, Element)), default(attribute(<<"default">>, Element)),
	  flag(fxml:get_tag_attr(<<"lock">>, Element))} of
	{{ok, {User, Host, <<>>}}, Default, IsLocked} when User /= <<>>, Default /= unknown, IsLocked /= unknown ->
	    {ok, User, Default, IsLocked, mark(fxml:get_tag_attr(<<"mark">>, Element))};
	_ ->
	    bad_request
    end.

attribute(Name, Element) -> fxml:get_tag_attr_s(Name, Element).

default(<<"always">>) -> always;
default(<<"roster">>) -> roster;
default(<<"never">>) -> never;
default(_) -> unknown.

flag(false) -> false; % there is none
flag({value, Text}) when Text == <<"true">>; Text == <<"1">> -> true;
flag({value, Text}) when Text == <<"false">>; Text == <<"0">> -> false;
flag(_) -> unknown.

mark(false) -> none;
mark({value, Mark}) -> Mark.

%% Whether it is about the sender's archiving preferences (XEP-0313, XEP-0441), in whichever of its namespaces.
-spec is_preferences(Payload :: tuple()) -> boolean().
is_preferences(Payload) ->
    lists:member(xmpp:get_ns(Payload), [?NS_MAM_TMP, ?NS_MAM_0, ?NS_MAM_1, ?NS_MAM_2])
	andalso xmpp:get_name(Payload) == <<"prefs">>.

-spec archive(ServerDefault :: default(), [fxml:xmlel()]) -> fxml:xmlel().
archive(ServerDefault, Children) ->
    #xmlel{name = <<"archive">>,
	   attrs = [{<<"xmlns">>, ?NS_ARCHIVE}, {<<"server-default">>, atom_to_binary(ServerDefault, utf8)}],
	   children = Children}.

%% A page of the list (XEP-0059): its persons, each with its id, and the number of all.
-spec page(ServerDefault :: default(), [{Id :: binary(), fxml:xmlel()}], Count :: non_neg_integer() | unknown) -> fxml:xmlel().
page(ServerDefault, Persons, Count) ->
    Set = mod_subscription_requests_xml:page_set([Id || {Id, _} <- Persons], Count),
    archive(ServerDefault, [Person || {_, Person} <- Persons] ++ [Set]).

%% The lock with the time of its beginning, in seconds since 1970.
-spec person(binary(), User :: binary(), default() | none, {default(), Since :: integer()} | none) -> fxml:xmlel().
person(Host, User, Default, Lock) ->
    #xmlel{name = <<"person">>,
	   attrs = [{<<"jid">>, jid:encode(jid:make(User, Host))}]
	   ++ [{<<"default">>, atom_to_binary(Default, utf8)} || Default /= none]
	   ++ lock_attributes(Lock)
	   ++ [{<<"mark">>, mark(Default, Lock)}]}.

%% A digest. Not of the lists of addresses: whoever has it could try whom the user has put there.
-spec mark(default() | none, {default(), Since :: integer()} | none) -> binary().
mark(Default, Lock) -> base64:encode(crypto:hash(sha256, io_lib:format("~w ~w", [Default, Lock]))).

lock_attributes(none) -> [];
lock_attributes({_Default, Since}) ->
    [{<<"lock">>, <<"true">>}, {<<"since">>, list_to_binary(calendar:system_time_to_rfc3339(Since, [{offset, "Z"}]))}].
