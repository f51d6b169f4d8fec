%%% For comparison with Usher: the shortest correct approval inside ejabberd. Every request is approved at the
%%% place where the connector would hold it, in the steps in which ejabberd_c2s carries out a user's own answer;
%%% `subscribed` goes first, because after the change of the roster the user's sessions send presence themselves.

-module(mod_bench_approve).
-behaviour(gen_mod).

-export([start/2, stop/1, reload/3, depends/2, mod_options/1, mod_doc/0]).
-export([approve/2]).

-include_lib("p1_xmpp/include/xmpp.hrl").

start(Host, _Opts) -> ejabberd_hooks:add(roster_in_subscription, Host, ?MODULE, approve, 60).
stop(Host) -> ejabberd_hooks:delete(roster_in_subscription, Host, ?MODULE, approve, 60).
reload(_Host, _NewOpts, _OldOpts) -> ok.
depends(_Host, _Opts) -> [{mod_roster, hard}].
mod_options(_Host) -> [].
mod_doc() -> #{}.

%% Runs after mod_roster: `true` means a new request, stored and about to be delivered.
approve(true, #presence{type = subscribe, from = Contact, to = User}) ->
    Answer = #presence{type = subscribed, from = jid:remove_resource(User), to = jid:remove_resource(Contact)},
    ejabberd_router:route(Answer),
    ejabberd_hooks:run(roster_out_subscription, User#jid.lserver, [Answer]),
    {stop, false};
approve(Acc, _Presence) ->
    Acc.
