"""The conformance cases of CEL that Amity does not pass, by name, each with its reason.

The first four reasons are types that Amity lacks, the others deviations that
`docs/reference/expressions.md` states. A test fails when a case listed here passes.
"""

from __future__ import annotations

from typing import Final

_UNSIGNED: Final = "unsigned integers: Amity has one integer type"
_BYTES: Final = "bytes: Amity has no such type"
_MESSAGES: Final = "protobuf messages, enums and wrappers: Amity has no such types"
_TYPE_VALUES: Final = "types as values: Amity has no such type"
_UNCHECKED: Final = "runs with the type check off; Amity always checks types and names"
_NO_ERRORS: Final = "relies on an error at run time; here the result is null, and a null condition is false"
_DECIMALS: Final = "binary floating point; here numbers are exact decimals of 15 digits, 6 after the point"
_MICROSECONDS: Final = "nanoseconds; here times have microseconds, and a duration spans all dates"
_NAMESPACES: Final = "names with dots (protobuf packages): here a point always selects a field"

_TABLE: Final = {
    _UNSIGNED: """
        basic/self_eval_zeroish: self_eval_uint_zero self_eval_uint_alias_zero
        basic/self_eval_nonzeroish: self_eval_uint_nonzero self_eval_uint_alias_nonzero self_eval_uint_hex
            self_eval_uint_alias_hex
        comparisons/eq_literal: eq_int_uint not_eq_int_uint eq_uint not_eq_uint eq_uint_int not_eq_uint_int
            eq_uint_double not_eq_uint_double not_eq_uint_double_nan eq_double_uint not_eq_double_uint
            eq_list_mixed_type_numbers not_eq_list_mixed_type_numbers eq_map_mixed_type_numbers
            eq_dyn_int_uint eq_dyn_uint_int eq_dyn_uint_double eq_dyn_double_uint not_eq_dyn_int_uint
            not_eq_dyn_uint_int not_eq_dyn_uint_double not_eq_dyn_double_uint
        comparisons/ne_literal: ne_int_uint not_ne_int_uint ne_uint not_ne_uint ne_uint_double
            not_ne_uint_double not_ne_uint_double_nan ne_double_uint not_ne_double_uint ne_mixed_types
        comparisons/lt_literal: lt_uint not_lt_uint lt_dyn_int_uint lt_dyn_uint_int lt_dyn_uint_double
            lt_dyn_double_uint not_lt_dyn_int_uint not_lt_dyn_uint_int not_lt_dyn_uint_double
            not_lt_dyn_double_uint lt_dyn_int_big_uint lt_dyn_small_int_uint not_lt_dyn_uint_small_int
            not_lt_dyn_big_uint_int not_lt_dyn_uint_small_double lt_dyn_uint_big_double
            not_lt_dyn_big_double_uint
        comparisons/gt_literal: gt_uint not_gt_uint gt_dyn_int_uint gt_dyn_uint_int gt_dyn_uint_double
            gt_dyn_double_uint not_gt_dyn_int_uint not_gt_dyn_uint_int not_gt_dyn_uint_double
            not_gt_dyn_double_uint not_gt_dyn_int_big_uint not_gt_dyn_small_int_uint gt_dyn_uint_small_int
            gt_dyn_big_uint_int gt_dyn_uint_small_double not_gt_dyn_uint_big_double gt_dyn_big_double_uint
        comparisons/lte_literal: lte_uint_lt lte_uint_eq not_lte_uint_gt lte_dyn_int_uint lte_dyn_uint_int
            lte_dyn_uint_double lte_dyn_double_uint not_lte_dyn_int_uint not_lte_dyn_uint_int
            not_lte_dyn_uint_double not_lte_dyn_double_uint lte_dyn_int_big_uint lte_dyn_small_int_uint
            not_lte_dyn_uint_small_int not_lte_dyn_big_uint_int not_lte_dyn_uint_small_double
            lte_dyn_uint_big_double not_lte_dyn_big_double_uint
        comparisons/gte_literal: gte_uint_gt gte_uint_eq not_gte_uint_lt gte_dyn_int_uint gte_dyn_uint_int
            gte_dyn_uint_double gte_dyn_double_uint not_gte_dyn_int_uint not_gte_dyn_uint_int
            not_gte_dyn_uint_double not_gte_dyn_double_uint not_gte_dyn_int_big_uint
            not_gte_dyn_small_int_uint gte_dyn_uint_small_int gte_dyn_big_uint_int gte_dyn_uint_small_double
            not_gte_dyn_uint_big_double gte_dyn_big_double_uint
        comparisons/in_map_literal: key_in_mixed_key_type_map
        comparisons/bound: uint_eq_right_false
        conversions/double: uint_zero uint_pos uint_max_exact uint_range
        conversions/int: uint uint_zero uint_max_exact
        conversions/string: uint
        conversions/type: uint uint_denotation eq_diff meta
        conversions/uint: int int_max double double_truncate double_half double_big_exact
            double_big_precision string
        conversions/identity: uint
        fields/map_fields: map_key_uint64 map_key_string map_key_mixed_type map_key_mixed_numbers_double_key
            map_key_mixed_numbers_uint_key map_key_mixed_numbers_int_key map_value_uint64 map_value_list
        fields/in: mixed_numbers_and_keys_present mixed_numbers_and_keys_absent
        integer_math/uint64_math: add sub multiply divide mod multiply_zero add_left_identity
            add_right_identity add_commutative add_associative mul_left_identity mul_right_identity
            mul_commutative mul_associative add_mul_distribute
        lists/index: zero_based_uint
        lists/in: singleton last uint_in_ints uint_in_doubles int_in_uints double_in_uints
        parse/nest: funcall
    """,
    _BYTES: """
        basic/self_eval_zeroish: self_eval_bytes_empty
        basic/self_eval_nonzeroish: self_eval_bytes_escape self_eval_bytes_invalid_utf8
        comparisons/eq_literal: eq_bytes not_eq_bytes not_eq_dyn_bytes_null
        comparisons/ne_literal: ne_bytes not_ne_bytes
        comparisons/lt_literal: lt_bytes not_lt_bytes_same not_lt_bytes_width
        comparisons/gt_literal: gt_bytes_one gt_bytes_one_to_empty not_gt_bytes_sorting
        comparisons/lte_literal: lte_bytes_empty not_lte_bytes_length
        comparisons/gte_literal: gte_bytes_to_empty not_gte_bytes_empty_to_nonempty gte_bytes_samelength
        comparisons/in_list_literal: elem_in_mixed_type_list_cross_type
        comparisons/in_map_literal: key_in_mixed_key_type_map_cross_type
        comparisons/bound: bytes_gt_left_false
        conversions/bytes: string_empty string string_unicode string_unicode_vs_literal
        conversions/string: bytes bytes_unicode
        conversions/type: bytes bytes_denotation
        conversions/identity: bytes
        fields/map_fields: map_bad_key_type_or_true map_bad_key_type_and_false map_value_bytes
        parse/bytes_literals: single_quoted double_quoted triple_single_quoted triple_double_quoted
            single_quoted_escaped_punctuation double_quoted_escaped_punctuation
            triple_single_quoted_escaped_punctuation triple_double_quoted_escaped_punctuation
            triple_single_quoted_unescaped_punctuation triple_double_quoted_unescaped_punctuation
            single_quoted_escaped_special_control_characters
            double_quoted_escaped_special_control_characters
            single_quoted_unescaped_special_control_characters
            double_quoted_unescaped_special_control_characters
            triple_single_quoted_escaped_special_control_characters
            triple_double_quoted_escaped_special_control_characters
            triple_single_quoted_unescaped_special_control_characters
            triple_double_quoted_unescaped_special_control_characters single_quoted_escaped_line_feed
            double_quoted_escaped_line_feed triple_single_quoted_escaped_line_feed
            triple_double_quoted_escaped_line_feed triple_single_quoted_unescaped_line_feed
            triple_double_quoted_unescaped_line_feed single_quoted_escaped_carriage_return
            double_quoted_escaped_carriage_return triple_single_quoted_escaped_carriage_return
            triple_double_quoted_escaped_carriage_return single_quoted_escaped_windows_line_end
            double_quoted_escaped_windows_line_end triple_single_quoted_escaped_windows_line_end
            triple_double_quoted_escaped_windows_line_end single_quoted_escaped_all_control_characters
            double_quoted_escaped_all_control_characters single_quoted_unescaped_all_control_characters
            double_quoted_unescaped_all_control_characters
            triple_single_quoted_escaped_all_control_characters
            triple_double_quoted_escaped_all_control_characters
            triple_single_quoted_unescaped_all_control_characters
            triple_double_quoted_unescaped_all_control_characters single_quoted_octal_escapes
            double_quoted_octal_escapes triple_single_quoted_octal_escapes
            triple_double_quoted_octal_escapes single_quoted_lower_x_escapes double_quoted_lower_x_escapes
            triple_single_quoted_lower_x_escapes triple_double_quoted_lower_x_escapes
            single_quoted_upper_x_escapes double_quoted_upper_x_escapes triple_single_quoted_upper_x_escapes
            triple_double_quoted_upper_x_escapes mixed_case_hex_single_quoted_escapes
            mixed_case_hex_double_quoted_escapes mixed_case_hex_triple_single_quoted_escapes
            mixed_case_hex_triple_double_quoted_escapes raw_single_quoted_escapes raw_double_quoted_escapes
            raw_triple_single_quoted_escapes raw_triple_double_quoted_escapes
            upper_raw_single_quoted_escapes upper_raw_double_quoted_escapes
            upper_raw_triple_single_quoted_escapes upper_raw_triple_double_quoted_escapes
        string/size: bytes_empty bytes
        string/bytes_concat: concat left_unit right_unit empty_empty
    """,
    _MESSAGES: """
        comparisons/eq_literal: eq_dyn_json_null not_eq_dyn_proto2_msg_null not_eq_dyn_proto3_msg_null
        comparisons/eq_wrapper: eq_bool eq_bool_empty eq_bool_not_null eq_bool_proto2_null
            eq_bool_proto3_null eq_bytes eq_bytes_empty eq_bytes_not_null eq_bytes_proto2_null
            eq_bytes_proto3_null eq_double eq_double_empty eq_double_not_null eq_double_proto2_null
            eq_double_proto3_null eq_float eq_float_empty eq_float_not_null eq_float_proto2_null
            eq_float_proto3_null eq_int32 eq_int32_empty eq_int32_not_null eq_int32_proto2_null
            eq_int32_proto3_null eq_int64 eq_int64_empty eq_int64_not_null eq_int64_proto2_null
            eq_int64_proto3_null eq_string eq_string_empty eq_string_not_null eq_string_proto2_null
            eq_string_proto3_null eq_uint32 eq_uint32_empty eq_uint32_not_null eq_uint32_proto2_null
            eq_uint32_proto3_null eq_uint64 eq_uint64_empty eq_uint64_not_null eq_uint64_proto2_null
            eq_uint64_proto3_null eq_proto2 eq_proto3 eq_proto2_missing_fields_neq
            eq_proto3_missing_fields_neq eq_proto_nan_equal eq_proto_different_types
            eq_proto2_any_unpack_equal eq_proto2_any_unpack_not_equal
            eq_proto2_any_unpack_bytewise_fallback_not_equal eq_proto2_any_unpack_bytewise_fallback_equal
            eq_proto3_any_unpack_equal eq_proto3_any_unpack_not_equal
            eq_proto3_any_unpack_bytewise_fallback_not_equal eq_proto3_any_unpack_bytewise_fallback_equal
        comparisons/ne_literal: ne_proto2 ne_proto3 ne_proto2_missing_fields_neq
            ne_proto3_missing_fields_neq ne_proto_nan_not_equal ne_proto_different_types
            ne_proto2_any_unpack ne_proto2_any_unpack_bytewise_fallback ne_proto3_any_unpack
            ne_proto3_any_unpack_bytewise_fallback
        parse/nest: message_literal
        parse/repeat: select message_literal
        parse/whitespace: spaces tabs new_lines new_pages carriage_returns
        parse/comments: new_line_terminated
        parse/struct_field_names: as break const continue else for function if import let loop package
            namespace return var void while
        timestamps/timestamp_conversions: type_comparison
        timestamps/duration_conversions: type_comparison
    """,
    _TYPE_VALUES: """
        conversions/dyn: dyn_heterogeneous_list
        conversions/type: bool bool_denotation int int_denotation eq_same double double_denotation null_type
            null_type_denotation string string_denotation list list_denotation lists_monomorphic map
            map_denotation map_monomorphic neq_same neq_diff type type_denotation type_type
        timestamps/timestamp_conversions: toType_timestamp
        timestamps/duration_conversions: toType_duration
    """,
    _UNCHECKED: """
        basic/variables: unbound_is_runtime_error
        basic/functions: unbound_is_runtime_error
        comparisons/eq_literal: not_eq_list_length
        logic/conditional: mixed_type
        logic/AND: short_circuit_type_left short_circuit_type_right
        logic/OR: short_circuit_type_left short_circuit_type_right
        parse/receiver_function_names: as break const continue else for function if import let loop package
            namespace return var void while
    """,
    _NO_ERRORS: """
        fields/map_fields: map_no_such_key_or_false map_no_such_key_and_true
            map_field_select_no_such_key_or_false map_field_select_no_such_key_and_true
        lists/index: index_out_of_bounds_or_false index_out_of_bounds_and_true bad_index_type_or_false
            bad_index_type_and_true
        logic/conditional: error_case
        logic/AND: error_right error_left
        logic/OR: error_right error_left
        macros/exists: list_elem_exists_error
        macros/all: list_elem_type_exhaustive list_elem_error_exhaustive
        macros/exists_one: list_no_shortcircuit
        macros/map: list_error
        macros/filter: list_no_shortcircuit
    """,
    _DECIMALS: """
        comparisons/eq_literal: not_eq_double_nan
        comparisons/ne_literal: not_ne_double_nan ne_double_nan
        comparisons/lt_literal: lt_double not_lt_dyn_int_big_lossy_double lt_dyn_int_big_lossy_double
            not_lt_dyn_int_small_double not_lt_dyn_int_small_lossy_double not_lt_dyn_big_double_int
            not_lt_dyn_small_double_int
        comparisons/gt_literal: not_gt_dyn_int_big_double not_gt_dyn_int_small_lossy_double
            gt_dyn_int_small_lossy_double_greater not_gt_dyn_big_double_int not_gt_dyn_small_double_int
        comparisons/lte_literal: lte_double_lt lte_dyn_int_big_double lte_dyn_int_small_lossy_double
            not_lte_dyn_int_small_lossy_double_less lte_dyn_big_double_int lte_dyn_small_double_int
        comparisons/gte_literal: gte_dyn_int_big_lossy_double not_gte_dyn_int_big_double
            gte_dyn_int_small_lossy_double_equal gte_dyn_int_small_lossy_double_greater
            gte_dyn_big_double_int gte_dyn_small_double_int
        conversions/double: int_neg int_min_exact int_max_exact int_range string_exp_pos_pos
            string_exp_pos_neg string_exp_neg_neg
        conversions/int: double_big_exact double_big_precision
        fp_math/fp_math: divide_zero fp_overflow_positive fp_overflow_negative fp_underflow
    """,
    _MICROSECONDS: """
        timestamps/timestamp_conversions: toString_timestamp_nanos
        timestamps/timestamp_arithmetic: add_time_to_duration_nanos_negative
            add_time_to_duration_nanos_positive
        timestamps/timestamp_range: add_duration_nanos_over add_duration_nanos_under sub_time_duration_over
            sub_time_duration_under
    """,
    _NAMESPACES: """
        fields/qualified_identifier_resolution: qualified_ident map_field_select
            qualified_identifier_resolution_unchecked ident_with_longest_prefix_check
    """,
}
"""Per reason: a section, a colon, its cases; `#2` is the second case of one name."""


def _names() -> dict[str, str]:
    found: dict[str, str] = {}
    for reason, listing in _TABLE.items():
        section = ""
        for word in listing.split():
            if word.endswith(":"):
                section = word[:-1]
            else:
                found[f"{section}/{word}"] = reason
    return found


LEFT_OUT: Final = _names()
