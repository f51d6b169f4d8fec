%%% What anybody may read of a user: the vCard that the server gives to everybody who asks for it (XEP-0054), and the
%%% one that the user's clients have published for everybody (XEP-0292).

-module(mod_subscription_requests_persons).

-export([person/2]).

-include("logger.hrl").
-include("pubsub.hrl").
-include("mod_subscription_requests.hrl").

%% unknown: a storage does not answer.
-spec person(binary(), User :: binary()) -> fxml:xmlel() | unknown.
person(Host, User) ->
    case {published(Host, User), vcard(Host, User)} of
	{VCard4, VCard} when VCard4 == unknown; VCard == unknown -> unknown;
	{VCard4, VCard} ->
	    Fields = mod_subscription_requests_people_xml:preferred(
		       [read(fun mod_subscription_requests_people_xml:vcard4_fields/1, VCard4, Host, User),
			read(fun mod_subscription_requests_people_xml:vcard_temp_fields/1, VCard, Host, User)]),
	    mod_subscription_requests_people_xml:person(Host, User, Fields)
    end.

read(_Read, none, _Host, _User) ->
    #{};
read(Read, VCard, Host, User) ->
    try Read(VCard)
    catch _:_ ->
	    log_unreadable(Host, User),
	    #{}
    end.

log_unreadable(Host, User) ->
    ?WARNING_MSG("A vCard cannot be read, and is taken for an empty one: that of ~ts", [jid:encode(jid:make(User, Host))]).

%% From mod_vcard's storage, past its cache, which is for those whom users look at: a reading would put everybody in.
vcard(Host, User) ->
    case gen_mod:is_loaded(Host, mod_vcard) of
	true -> stored_vcard(gen_mod:db_mod(Host, mod_vcard), Host, User);
	false -> none
    end.

%% A storage says "error" of a row that cannot be read as well as when it does not answer; but of nobody's vCard only in the
%% second case.
stored_vcard(Storage, Host, User) ->
    case Storage:get_vcard(User, Host) of
	{ok, [#xmlel{} = VCard | _]} ->
	    VCard;
	{ok, _} ->
	    none;
	error ->
	    case Storage:get_vcard(<<>>, Host) of
		error ->
		    unknown;
		_ ->
		    log_unreadable(Host, User),
		    none
	    end
    end.

%% The latest, of a node that is open to everybody.
published(Host, User) ->
    Owner = {User, Host, <<>>},
    case gen_mod:is_loaded(Host, mod_pubsub) andalso mod_pubsub:tree_action(Owner, get_node, [Owner, ?NS_VCARD4]) of
	#pubsub_node{options = Options} ->
	    case lists:keyfind(access_model, 1, Options) of
		{_, open} -> latest(mod_pubsub:get_items(Owner, ?NS_VCARD4));
		_ -> none
	    end;
	false -> none;
	Error -> failure(Error)
    end.

latest([_ | _] = Items) ->
    case lists:last(lists:keysort(#pubsub_item.modification, Items)) of
	#pubsub_item{payload = [#xmlel{} = VCard | _]} -> VCard;
	_ -> none
    end;
latest([]) -> none;
latest(Error) -> failure(Error).

%% Of a node, or items, that there are not.
failure({error, #stanza_error{reason = 'item-not-found'}}) -> none;
failure({error, _}) -> unknown.
