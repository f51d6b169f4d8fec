%%% What an entity asks about archiving preferences, and sets; and what keeps them as they are where they are locked. Queries come
%%% in the process of the entity's connection, hooks run where stanzas pass; what takes longer goes on in processes of their own.

-module(mod_subscription_requests_archive).

-export([decode_iq_subel/1, process_iq/1]).
%% Hooks
-export([packet_passes/1, message_stored/7, message_stored/8, user_registered/2, user_removed/2]).

-include("mod_subscription_requests.hrl").

-define(LOCKED, <<"Your administrator has set the archiving preferences">>).

%% As in mod_subscription_requests_iq.
-spec decode_iq_subel(fxml:xmlel()) -> fxml:xmlel().
decode_iq_subel(Element) -> Element.

-spec process_iq(iq()) -> iq() | ignore.
process_iq(#iq{type = Type, from = From, to = #jid{lserver = Host}, sub_els = [#xmlel{name = Name} = Element]} = IQ) ->
    case {may(Type, Host, From), Type, Name} of
	{false, _, _} -> refuse(IQ, xmpp:err_forbidden());
	{true, get, <<"archive">>} -> report(Host, mod_subscription_requests_people_xml:people_query(Host, Element), IQ);
	{true, set, <<"archive">>} -> set(Host, mod_subscription_requests_archive_xml:setting(Host, Element), IQ);
	_ -> refuse(IQ, xmpp:err_service_unavailable())
    end.

may(set, Host, From) -> mod_subscription_requests_entities:is_granted(Host, {?NS_ARCHIVE, set}, From);
may(get, Host, From) -> mod_subscription_requests_entities:is_granted(Host, ?NS_ARCHIVE, From).

refuse(IQ, Error) -> xmpp:make_error(IQ, Error).

%%%===================================================================
%%% What is stored of all, in pages (XEP-0059), and of some again
%%%===================================================================

report(Host, Query, IQ) ->
    case mod_subscription_requests_preferences:has_archive(Host) of
	true -> report_from(Host, Query, IQ);
	false -> refuse(IQ, xmpp:err_feature_not_implemented())
    end.

report_from(_Host, bad_request, IQ) ->
    refuse(IQ, xmpp:err_bad_request());
report_from(_Host, feature_not_implemented, IQ) ->
    refuse(IQ, xmpp:err_feature_not_implemented());
report_from(Host, {some, Users}, IQ) ->
    mod_subscription_requests_reading:reply_with_some(
      Host, Users, fun person/2, fun(Persons) -> mod_subscription_requests_archive_xml:archive(default(Host), Persons) end, IQ);
report_from(Host, {page, After, Max}, IQ) ->
    mod_subscription_requests_reading:reply_with_page(
      Host, After, Max, fun person/2,
      fun(Persons, Count) -> mod_subscription_requests_archive_xml:page(default(Host), Persons, Count) end, IQ).

default(Host) -> mod_subscription_requests_preferences:server_default(Host).

person(Host, User) ->
    case mod_subscription_requests_preferences:read(Host, User) of
	unknown -> unknown;
	{Default, Lock} -> mod_subscription_requests_archive_xml:person(Host, User, Default, Lock)
    end.

%%%===================================================================
%%% Setting them
%%%===================================================================

set(_Host, bad_request, IQ) ->
    refuse(IQ, xmpp:err_bad_request());
set(Host, {ok, User, Default, IsLocked, Mark}, IQ) ->
    case mod_subscription_requests_preferences:has_archive(Host) of
	true ->
	    mod_subscription_requests_entities:reply_later(IQ, fun() -> set_stored(Host, User, Default, IsLocked, Mark, IQ) end);
	false ->
	    refuse(IQ, xmpp:err_feature_not_implemented())
    end.

set_stored(Host, User, Default, IsLocked, Mark, IQ) ->
    Expected = case Mark of
		   none -> anything;
		   _ -> fun(Stored, Lock) -> mod_subscription_requests_archive_xml:mark(Stored, Lock) == Mark end
	       end,
    case mod_subscription_requests_accounts:exists(Host, User) of
	true ->
	    case mod_subscription_requests_preferences:set(Host, User, Default, IsLocked, Expected) of
		ok -> xmpp:make_iq_result(IQ);
		changed -> refuse(IQ, xmpp:err_conflict());
		{error, _} -> refuse(IQ, xmpp:err_internal_server_error())
	    end;
	false ->
	    refuse(IQ, xmpp:err_item_not_found());
	unknown ->
	    refuse(IQ, xmpp:err_internal_server_error())
    end.

%%%===================================================================
%%% Hooks
%%%===================================================================

%% mod_mam takes the sender's preferences from an IQ to any address of the sender's host. Not in user_send_packet: privileged
%% entities may send IQs in the name of users.
-spec packet_passes(stanza() | drop) -> stanza() | drop | {stop, drop}.
packet_passes(#iq{type = set, from = #jid{luser = User, lserver = Host}, to = #jid{lserver = Host}, sub_els = [Payload]} = IQ)
  when User /= <<>> ->
    case mod_subscription_requests_archive_xml:is_preferences(Payload) andalso refusal(Host, User) of
	false ->
	    IQ;
	Error ->
	    ejabberd_router:route(xmpp:make_error(IQ, Error)),
	    {stop, drop}
    end;
packet_passes(Packet) ->
    Packet.

refusal(Host, User) ->
    try gen_mod:is_loaded(Host, ?CONNECTOR) andalso mod_subscription_requests_preferences:lock(Host, User) of
	{_, _} -> xmpp:err_not_allowed(?LOCKED, <<"en">>);
	_ -> false
    catch _:_ ->
	xmpp:err_internal_server_error()
    end.

%% Of a message that mod_mam is about to store in somebody's archive; a room's is `groupchat`.
-spec message_stored(Acc, binary(), binary(), jid:jid(), binary(), chat | groupchat, send | recv) -> Acc | {stop, drop}.
message_stored(Message, User, Host, _Peer, _Nick, chat, _Direction) ->
    try mod_subscription_requests_preferences:lock(Host, User) of
	{never, _} -> {stop, drop};
	_ -> Message
    catch _:_ ->
	{stop, drop}
    end;
message_stored(Message, _User, _Host, _Peer, _Nick, _Type, _Direction) ->
    Message.

%% Later versions of ejabberd say more.
-spec message_stored(Acc, binary(), binary(), jid:jid(), binary(), chat | groupchat, send | recv, term()) -> Acc | {stop, drop}.
message_stored(Message, User, Host, Peer, Nick, Type, Direction, _) ->
    message_stored(Message, User, Host, Peer, Nick, Type, Direction).

%% An account that was deleted beside ejabberd, as in a directory, may have left one.
-spec user_registered(binary(), binary()) -> ok.
user_registered(User, Host) -> mod_subscription_requests_preferences:forget_lock(Host, User).

%% The hook runs as well when the account could not be deleted, as in a directory that is only read: a user could get rid of
%% the lock by that.
-spec user_removed(binary(), binary()) -> ok.
user_removed(User, Server) ->
    Host = jid:nameprep(Server),
    Name = jid:nodeprep(User),
    spawn(fun() -> mod_subscription_requests_accounts:exists(Host, Name) == false
		       andalso mod_subscription_requests_preferences:forget_lock(Host, Name)
	  end),
    ok.
