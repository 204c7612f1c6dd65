//! The blocks that SP 800-38C prints, and what the format has no room for.

use super::*;

/// SP 800-38C, example 3, but for the tag's length.
fn params(aad: usize) -> CipherParams {
    let bytes = |from, count| (0..=u8::MAX).cycle().skip(from).take(count).collect();
    CipherParams { iv: bytes(0x10, 12), aad: bytes(0, aad), ..CipherParams::default() }
}

fn hex(bytes: &[u8]) -> Vec<String> {
    let word = |block: &[u8]| block.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.chunks(BLOCK).map(word).collect()
}

#[test]
fn blocks_are_those_of_the_standard() {
    let (params, text) = (params(20), (0x20..0x38).collect::<Vec<u8>>());
    let frame = Frame::new(&params, 8);
    let expected = [
        "5a101112131415161718191a1b000018",
        "0014000102030405060708090a0b0c0d",
        "0e0f1011121300000000000000000000",
        "202122232425262728292a2b2c2d2e2f",
        "30313233343536370000000000000000",
    ];
    assert_eq!(hex(&mac_blocks(frame, &text).unwrap()), expected);
    let expected = [
        "02101112131415161718191a1b000000",
        "02101112131415161718191a1b000001",
        "02101112131415161718191a1b000002",
    ];
    assert_eq!(hex(&counter_blocks(frame, text.len()).unwrap()), expected);
}

#[test]
fn length_of_additional_data_has_two_bytes_or_six() {
    let start = |bytes| aad_length(&vec![0; bytes]).unwrap();
    assert_eq!(start(0), []);
    assert_eq!(start(1), [0, 1]);
    assert_eq!(start(0xFEFF), [0xFE, 0xFF]);
    assert_eq!(start(0xFF00), [0xFF, 0xFE, 0, 0, 0xFF, 0]);
    assert_eq!(start(0x1_0000), [0xFF, 0xFE, 0, 1, 0, 0]);
}

#[test]
fn mac_blocks_are_whole_whatever_the_lengths() {
    for aad in [0, 1, 13, 14, 15, 0xFEFF, 0xFF00] {
        let params = params(aad);
        for text in [0, 1, 15, 16, 17] {
            let blocks = mac_blocks(Frame::new(&params, 16), &vec![7; text]).unwrap();
            assert!(blocks.len().is_multiple_of(BLOCK) && blocks.capacity() == blocks.len());
        }
    }
}

#[test]
fn block_refuses_what_it_has_no_room_for() {
    let kind = |nonce: usize, number| block(&vec![0; nonce], 0, number).map_err(|e| e.kind);
    assert!(kind(13, 0xFFFF).is_ok() && kind(7, usize::MAX).is_ok());
    assert_eq!(kind(13, 0x1_0000), Err(HsmErrorKind::BadLength));
    for nonce in [0, 6, 14, 15, 16, 100] {
        assert_eq!(kind(nonce, 0), Err(HsmErrorKind::BadParameter));
    }
    let params = params(0);
    for tag in [0, 2, 3, 5, 15, 17, 18, 260] {
        let blocks = mac_blocks(Frame::new(&params, tag), b"").map_err(|error| error.kind);
        assert_eq!(blocks.err(), Some(HsmErrorKind::BadParameter), "{tag}");
    }
}

/// A cipher that changes nothing: enough to see what is masked with what.
fn none(blocks: &[u8]) -> Result<Wiping, HsmError> {
    Ok(Wiping::new(blocks.to_vec()))
}

#[test]
fn open_gives_nothing_out_under_a_wrong_tag() {
    let params = params(3);
    let frame = Frame::new(&params, 4);
    let mac = |_: &[u8]| Ok::<_, HsmError>([0xAA; BLOCK]);
    let Encrypted { data, mut tag } = seal(frame, b"some text", none, mac).unwrap();
    let opened = open(frame, &data, &tag, none, mac).unwrap();
    assert_eq!(opened.map(|text| text.expose().to_vec()), Some(b"some text".to_vec()));
    tag[3] ^= 1;
    assert!(open(frame, &data, &tag, none, mac).unwrap().is_none());
    for length in [0, 3, 5] {
        assert!(open(frame, &data, &vec![0; length], none, mac).unwrap().is_none());
    }
}

#[test]
fn too_short_an_answer_of_the_token_is_its_failure() {
    let params = params(0);
    let short = |blocks: &[u8]| none(blocks.get(1..).unwrap());
    let mac = |_: &[u8]| Ok([0; BLOCK]);
    let sealed = seal(Frame::new(&params, 16), b"text", short, mac);
    assert_eq!(sealed.map_err(|error| error.kind), Err(HsmErrorKind::Device(0)));
}
