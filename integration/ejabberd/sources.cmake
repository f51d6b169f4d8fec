# The connector's modules, for whoever compiles them: sets ejabberd_connector_sources, and ejabberd_connector_header, on
# which all of them depend.
set(ejabberd_connector_header ${CMAKE_CURRENT_LIST_DIR}/src/mod_subscription_requests.hrl)
set(ejabberd_connector_sources
    mod_subscription_requests.erl
    mod_subscription_requests_accounts.erl
    mod_subscription_requests_act.erl
    mod_subscription_requests_approvals.erl
    mod_subscription_requests_approvals_xml.erl
    mod_subscription_requests_archive.erl
    mod_subscription_requests_archive_xml.erl
    mod_subscription_requests_asks.erl
    mod_subscription_requests_availability.erl
    mod_subscription_requests_changed.erl
    mod_subscription_requests_entities.erl
    mod_subscription_requests_hooks.erl
    mod_subscription_requests_host.erl
    mod_subscription_requests_iq.erl
    mod_subscription_requests_people.erl
    mod_subscription_requests_people_xml.erl
    mod_subscription_requests_persons.erl
    mod_subscription_requests_preferences.erl
    mod_subscription_requests_reading.erl
    mod_subscription_requests_reports.erl
    mod_subscription_requests_roster.erl
    mod_subscription_requests_server.erl
    mod_subscription_requests_waiting.erl
    mod_subscription_requests_xml.erl)
list(TRANSFORM ejabberd_connector_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/src/)
