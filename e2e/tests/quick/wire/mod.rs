//! The wire, route by route: one suite that runs unchanged against `sticky-app` and against `stickyctl up --local`.

mod cases;
mod errors;
mod page;
mod policy;
mod seed;
mod sockets;
mod target;
mod traces;

/// Every case of the suite, for each kind of target.
macro_rules! suite {
    ($($case:ident::$test:ident,)*) => {
        suite!(@on app_1x1 App1; $($case::$test,)*);
        suite!(@on app_1x4 App4; $($case::$test,)*);
        suite!(@on local_3x1 Local3x1; $($case::$test,)*);
        suite!(@on local_1x4 Local1x4; $($case::$test,)*);
    };
    (@on $module:ident $kind:ident; $($case:ident::$test:ident,)*) => {
        mod $module {
            $(
                #[tokio::test]
                async fn $test() -> anyhow::Result<()> {
                    match crate::wire::target::Target::start(crate::wire::target::Kind::$kind, crate::wire::$case::FLAGS).await? {
                        Some(target) => crate::wire::$case::$test(&target).await,
                        None => Ok(()),
                    }
                }
            )*
        }
    };
}

suite! {
    seed::a_conversation,
    seed::the_cookie_of_the_app,
    seed::both_fields_are_optional,
    seed::texts_come_back_as_they_went,
    seed::answers_name_the_cookies,
    seed::any_well_formed_id_is_served,
    seed::ids_are_new_each_time,
    sockets::the_first_frame,
    sockets::sockets_of_one_id_share_a_worker_s_frames,
    sockets::local_delivery_hits_where_the_socket_is,
    sockets::a_relay_reaches_every_socket_once,
    sockets::nobody_to_relay_to,
    sockets::errors_leave_the_socket_open,
    sockets::frames_that_close,
    sockets::topology_frames,
    sockets::whoami_session_topology,
    errors::bodies,
    errors::sizes,
    errors::malformed_ids,
    errors::methods,
    errors::unknown_routes,
    errors::paths_that_climb,
    errors::plain_gets_of_a_socket,
    errors::rubbish_instead_of_http,
    policy::origins,
    policy::hosts,
    policy::upgrade_headers_in_any_case,
    policy::identity_on_every_answer,
    policy::nothing_is_stored,
    page::the_page,
    page::files_of_the_page,
    page::the_readme,
    page::head_is_get_without_a_body,
    traces::of_each_route,
    traces::of_frames,
    traces::malformed,
    traces::without_one_nothing_is_told,
    cases::a_download_with_the_cookie,
    cases::a_download_without_the_cookie,
    cases::a_cursor_is_moved_and_nobody_elses,
    cases::a_model_is_cold_once_in_each_worker,
    cases::pieces_by_relay,
    cases::a_missing_cursor_is_traced,
    cases::use_cases_are_admitted_like_messages,
}
