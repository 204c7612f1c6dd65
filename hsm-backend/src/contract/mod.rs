//! Test cases that any backend must pass, whatever stands behind it.
//!
//! A case panics where the contract is broken. Wishes the backend has no plan for are checked to
//! be refused as `Unsupported`. Cases make keys of their own and destroy them.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used)]

mod agreement;
mod ccm;
mod cipher;
mod custody;
mod edwards;
mod keys;
mod mac;
mod misc;
mod modes;
mod rsa;
mod sign;
mod stream;
mod support;
mod vectors;
mod wrap;
mod xts;

use crate::backend::HsmBackend;

/// A named test case.
pub type Case = (&'static str, fn(&dyn HsmBackend));

macro_rules! cases {
    ($($module:ident: $($case:ident)*;)*) => {
        /// Every case, by name.
        pub const CASES: &[Case] = &[$($((stringify!($case), $module::$case),)*)*];
    };
}

cases! {
    keys:
        generated_secret_exists_until_destroyed
        generated_pair_returns_its_public_half
        generate_refuses_odd_sizes
        import_refuses_inconsistent_keys
        export_returns_what_was_imported
        export_refuses_sensitive_and_unextractable
        restrict_shuts_the_value_for_good
        unknown_key_is_not_found
        label_over_limit_is_refused;
    cipher:
        ciphers_match_known_answers
        counter_wraps_after_its_maximum
        gcm_matches_known_answer_and_detects_changes
        aes_round_trips_every_length
        long_data_equal_short_pieces
        cipher_refuses_bad_parameters
        cipher_refuses_partial_blocks
        bad_padding_is_bad_data
        usage_is_enforced_for_ciphers
        cipher_refuses_other_key_types;
    modes:
        every_mode_and_padding_round_trips
        counter_layouts_are_honoured
        zeros_are_put_on_and_not_taken_off
        malformed_padding_is_bad_data_in_every_mode
        long_data_in_composed_modes_equal_short_pieces
        composed_decryption_keeps_to_the_usage
        gcm_takes_every_legal_tag_and_iv
        data_are_wrapped_as_keys_are
        data_wrapping_refuses_bad_lengths_and_damage
        two_key_triple_des_is_one_key_used_again
        triple_des_keys_are_generated;
    ccm:
        ccm_matches_known_answers_of_every_layout
        ccm_matches_the_standard_with_long_additional_data
        ccm_detects_every_change
        ccm_refuses_bad_parameters_and_keys
        ccm_in_parts_is_that_of_the_whole;
    xts:
        xts_matches_known_answers
        xts_round_trips_every_length
        xts_refuses_bad_parameters
        xts_refuses_equal_and_odd_keys
        xts_keeps_to_the_usage_of_both_keys
        xts_in_parts_is_that_of_the_whole;
    stream:
        parts_equal_the_whole_in_every_mode
        streamed_decryption_gives_nothing_out_unverified
        streamed_signatures_and_macs_are_those_of_the_whole
        streams_are_found_by_their_owner_only
        streams_are_limited_and_starve_nobody;
    mac:
        hmac_matches_known_answers
        cmac_matches_known_answer
        gmac_is_gcm_over_no_data
        long_key_and_long_data_are_taken
        mac_refuses_wrong_key_and_usage
        digest_of_key_equals_digest_of_value;
    sign:
        ecdsa_verifies_for_every_curve_and_hash
        ecdsa_signs_digests_of_any_hash
        rsa_signatures_verify_for_every_hash
        pkcs1_matches_known_answer
        pss_salt_runs_to_the_limit_and_no_further
        sign_refuses_wrong_digest_key_and_usage
        raw_pkcs1_refuses_oversize_input;
    edwards:
        eddsa_matches_known_answers
        generated_edwards_keys_sign_what_verifies
        eddsa_refuses_digests_and_other_keys
        edwards_public_keys_are_checked;
    rsa:
        public_encryption_is_undone_by_the_token
        oaep_opens_what_openssl_made
        rsa_decrypt_refuses_other_lengths
        damaged_ciphertext_is_bad_data;
    wrap:
        key_wrap_matches_known_answer
        wrapped_key_comes_back_under_another_id
        wrapped_data_comes_back
        damaged_wrap_is_bad_data
        wrap_refuses_lengths_it_would_get_wrong
        wrap_refuses_unextractable_and_wrong_usage;
    custody:
        wrapped_keys_work_and_stay_shut
        imported_keys_are_wrapped_as_they_are
        rewrapped_keys_are_the_same_keys
        keys_move_between_token_and_blob
        wrapped_keys_can_be_shut_for_good
        wrapped_private_keys_sign_and_stay_shut
        imported_private_keys_come_back_from_their_blobs
        arriving_keys_are_wrapped_anew
        wrapping_keys_touch_no_data_and_damage_is_seen;
    agreement:
        agreed_secrets_match_known_answers
        agreed_keys_are_the_secret_wherever_they_live
        agreed_keys_encrypt_and_stay_shut
        agreement_refuses_other_keys_lengths_and_points;
    misc:
        random_is_long_and_fresh
        seed_is_taken_or_declined
        past_deadline_is_refused
        malformed_wrapped_key_is_refused
        oversize_data_is_refused
        info_names_the_token
        concurrent_calls_do_not_disturb_each_other;
}

/// Runs every case; panics at the first that fails.
pub fn run_all(backend: &dyn HsmBackend) {
    for (_, case) in CASES {
        case(backend);
    }
}
