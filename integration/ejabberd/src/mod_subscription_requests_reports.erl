%%% What the log says of trouble: the first time at once, then once a minute how often. Without anything that strangers
%%% wrote: only counts are logged.

-module(mod_subscription_requests_reports).

-export([add/2, again/2]).

-export_type([reports/0]).

-include("logger.hrl").

-define(INTERVAL, 60000). % ms between two log lines about the same trouble

-type trouble() :: no_answer | too_many | strange_reply | too_large | strange_message | other_version.
%% How often since the last line.
-type reports() :: #{trouble() => non_neg_integer()}.

-spec add(trouble(), reports()) -> reports().
add(What, Reports) ->
    case Reports of
	#{What := Count} ->
	    Reports#{What := Count + 1};
	_ ->
	    write(What, 1),
	    remind(What),
	    Reports#{What => 0}
    end.

%% To be called when the caller gets {report, What}.
-spec again(trouble(), reports()) -> reports().
again(What, Reports) ->
    case Reports of
	#{What := 0} ->
	    maps:remove(What, Reports);
	#{What := Count} ->
	    write(What, Count),
	    remind(What),
	    Reports#{What := 0}
    end.

remind(What) -> erlang:send_after(?INTERVAL, self(), {report, What}).

write(no_answer, Count) ->
    ?WARNING_MSG("Requests left to their users because no answer came in time: ~B", [Count]);
write(too_many, Count) ->
    ?WARNING_MSG("Requests passed to their users at once, because too many wait for an answer: ~B", [Count]);
write(strange_reply, Count) ->
    ?WARNING_MSG("Replies that came too late or from somebody who was not asked, ignored: ~B", [Count]);
write(strange_message, Count) ->
    ?WARNING_MSG("Messages to the connector that it does not know, ignored: ~B", [Count]);
write(other_version, Count) ->
    ?WARNING_MSG("Messages from nodes with another version of the connector, ignored: ~B", [Count]);
write(too_large, Count) ->
    ?WARNING_MSG("Stanzas to the entity that were too large, not passed on: ~B", [Count]).
