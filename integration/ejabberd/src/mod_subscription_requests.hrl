%%% What the connector's modules share: names, types, records. The words are those of ../../PROTOCOL.md, section 3.

-include("xmpp.hrl").

%% The name under which ejabberd knows the connector. It also marks stanzas and entries in process dictionaries as ours.
-define(CONNECTOR, mod_subscription_requests).
-define(NS, <<"urn:xmpp:subscription-requests:0">>).
-define(NS_PEOPLE, <<"urn:xmpp:subscription-requests:0#people">>).
-define(NS_APPROVALS, <<"urn:xmpp:subscription-requests:0#approvals">>).
-define(NS_ARCHIVE, <<"urn:xmpp:subscription-requests:0#archive">>).
-define(NS_VCARD4, <<"urn:xmpp:vcard4">>). % the node (XEP-0292); the element's namespace is another
-define(ASK_ID_PREFIX, "subreq-"). % the id of an ask: this, the node's id, a hyphen, a random part

%% The user's name and the contact's bare address, both prepared.
-type key() :: {User :: binary(), Contact :: jid:ljid()}.
%% Which part of the protocol, by its namespace, or that in it which changes something.
-type part() :: binary() | {binary(), set}.
%% What the user's item says of a contact who is subscribed.
-type approval() :: #{subscription := from | both, ask := boolean(), name := binary(), groups := [binary()]}.
-type verdict() :: subscribed | unsubscribed.
-type answer() :: {Type :: verdict() | none | unknown, AskBack :: boolean()}.
%% What the user's item for the contact gets where it has none. An empty one changes nothing.
-type label() :: {Name :: binary(), Group :: binary()} | none.

%% A request whose delivery waits for an answer.
%%   queued --> {asked, _}               it was put into an ask; back again when that connection ends
%%   queued, {asked, _} --> {answering, _}   a verdict is being applied by that process; the row goes when that is done
%%   queued, {asked, _} --> (no row)     left to the user, or withdrawn: there is nothing to deliver any more
%% The rows outlive the process that decides about them. Ids grow with the time of receipt.
-record(hold, {key :: key() | {binary(), '_'} | '_',
	       id :: pos_integer() | '_',
	       node :: node() | '_', % which received the request, and decides
	       received :: integer() | '_', % ms, this node's monotonic time
	       state = queued :: queued | {asked, binary()} | {answering, pid()} | '_',
	       presence :: presence() | '_',
	       element :: fxml:xmlel() | undefined | '_'}). % <request/>; only on the deciding node

%% A component's stream, or an available resource of an account.
-record(connection, {pid :: pid(),
		     address :: jid:ljid(),
		     entity :: jid:ljid(),
		     asked :: boolean() | '_'}). % false: it has not read the waiting list, or must not
