%%% The third part of the protocol, approvals: from stanzas to terms and back. Pure.

-module(mod_subscription_requests_approvals_xml).

%% What entities send
-export([asked/2, to_revoke/2]).
%% What is sent to them
-export([approvals/2, revoked/2, mark/1]).

-include("mod_subscription_requests.hrl").

-define(MAX_PAIRS, 100). % in one IQ
-define(MAX_GROUPS, 8). % of one item that are sent

%%%===================================================================
%%% What entities send
%%%===================================================================

-spec asked(binary(), fxml:xmlel()) -> {ok, [key()]} | bad_request.
asked(Host, Query) ->
    case read(Host, Query) of
	bad_request -> bad_request;
	Read -> {ok, [Key || {Key, _Mark} <- Read]}
    end.

-spec to_revoke(binary(), fxml:xmlel()) -> {ok, [{key(), Mark :: binary()}]} | bad_request.
to_revoke(Host, Query) ->
    case read(Host, Query) of
	bad_request ->
	    bad_request;
	Read ->
	    case [{Key, Mark} || {Key, {value, Mark}} <- Read] of
		All when length(All) == length(Read) -> {ok, All};
		_ -> bad_request
	    end
    end.

read(Host, #xmlel{children = Children}) ->
    Elements = [Element || #xmlel{name = <<"approval">>} = Element <- Children],
    Read = [{{User, {Local, Domain, <<>>}}, fxml:get_tag_attr(<<"mark">>, Element)}
	    || Element <- Elements,
	       {ok, {User, Server, <<>>}} <- [address(<<"user">>, Element)], User /= <<>>, Server == Host,
	       {ok, {Local, Domain, <<>>}} <- [address(<<"contact">>, Element)]],
    case length(Elements) of
	Count when Count >= 1, Count =< ?MAX_PAIRS, Count == length(Read) -> Read;
	_ -> bad_request
    end.

address(Name, Element) -> mod_subscription_requests_xml:address(fxml:get_tag_attr_s(Name, Element)).

%%%===================================================================
%%% What is sent to them
%%%===================================================================

%% Those that are in force.
-spec approvals(binary(), [{key(), approval()}]) -> fxml:xmlel().
approvals(Host, Found) ->
    in_namespace(<<"approvals">>, [approval(Host, Key, Approval) || {Key, Approval} <- Found]).

approval(Host, Key, #{subscription := Subscription, ask := Asks, name := Name, groups := Groups} = Approval) ->
    Shown = [Group || Group <- [plain(Group) || Group <- lists:sort(Groups)], Group /= <<>>],
    pair(Host, Key,
	 [{<<"subscription">>, atom_to_binary(Subscription, utf8)}]
	 ++ [{<<"ask">>, <<"subscribe">>} || Asks]
	 ++ [{<<"name">>, Text} || Text <- [plain(Name)], Text /= <<>>]
	 ++ [{<<"mark">>, mark(Approval)}],
	 [#xmlel{name = <<"group">>, children = [{xmlcdata, Group}]} || Group <- lists:sublist(Shown, ?MAX_GROUPS)]).

%% Each with what has become of it.
-spec revoked(binary(), [{key(), revoked | changed | failed}]) -> fxml:xmlel().
revoked(Host, Results) ->
    in_namespace(<<"revoke">>, [pair(Host, Key, [{<<"result">>, atom_to_binary(Result, utf8)}], []) || {Key, Result} <- Results]).

in_namespace(Name, Children) -> #xmlel{name = Name, attrs = [{<<"xmlns">>, ?NS_APPROVALS}], children = Children}.

pair(Host, Key, Attributes, Children) ->
    #xmlel{name = <<"approval">>,
	   attrs = [{<<"user">>, jid:encode(mod_subscription_requests_xml:user_jid(Host, Key))},
		    {<<"contact">>, jid:encode(mod_subscription_requests_xml:contact_jid(Key))} | Attributes],
	   children = Children}.

%% As the fields of a person. What is not UTF-8, written by a tool, is left out.
plain(Text) ->
    try mod_subscription_requests_xml:plain(Text)
    catch error:_ -> <<>>
    end.

%% A digest of all that is told of the item, before anything is cut. Lengths keep one text from running into the next.
-spec mark(approval()) -> binary().
mark(#{subscription := Subscription, ask := Asks, name := Name, groups := Groups}) ->
    Parts = [atom_to_binary(Subscription, utf8), atom_to_binary(Asks, utf8), Name | lists:sort(Groups)],
    base64:encode(crypto:hash(sha256, [[integer_to_binary(byte_size(Part)), $:, Part] || Part <- Parts])).
