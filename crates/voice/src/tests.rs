//! Recordings as browsers write them, and as nobody should.

use super::*;
use proptest::prelude::*;

/// Two seconds of a tone that comes and goes, recorded by Chromium's `MediaRecorder` from its fake microphone.
const CHROMIUM: &[u8] = include_bytes!("../samples/chromium.webm");

/// The same handed over in pieces of a second, as the page does it: sizes are not known when their elements begin.
const CHROMIUM_LIVE: &[u8] = include_bytes!("../samples/chromium-live.webm");

/// An element of a WebM file with its size.
fn element(name: &[u8], content: &[u8]) -> Vec<u8> {
    let mut bytes = name.to_vec();
    bytes.push(0x08);
    bytes.extend_from_slice(&u32::try_from(content.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(content);
    bytes
}

/// A head with a pre-skip of 312 samples.
fn head(channels: u8) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0".to_vec();
    head[9] = channels;
    head
}

/// Packets of 20 ms, of different sizes.
fn packets(count: usize, is_stereo: bool) -> Vec<Vec<u8>> {
    let first = if is_stereo { 0xfc } else { 0xf8 };
    (0..count)
        .map(|number| {
            let mut packet = vec![u8::try_from(number % 251).unwrap(); 5 + number % 300];
            packet[0] = first;
            packet
        })
        .collect()
}

/// A file as a browser writes it while it records: sizes of the outer elements are not known yet.
fn webm(codec: &[u8], head: &[u8], packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = element(b"\x1a\x45\xdf\xa3", &element(b"\x42\x82", b"webm"));
    file.extend_from_slice(b"\x18\x53\x80\x67\xff");
    let track = [
        element(b"\xd7", &[1]),
        element(b"\x86", codec),
        element(b"\x63\xa2", head),
        element(b"\xe1", &element(b"\x9f", &[head.get(9).copied().unwrap_or(1)])),
    ];
    file.extend(element(b"\x16\x54\xae\x6b", &element(b"\xae", &track.concat())));
    for (number, packet) in packets.iter().enumerate() {
        if number % 50 == 0 {
            file.extend_from_slice(b"\x1f\x43\xb6\x75\xff");
            file.extend(element(b"\xe7", &[0]));
        }
        file.extend(element(b"\xa3", &[b"\x81\0\0\x80", packet.as_slice()].concat()));
    }
    file
}

fn opus(packets: &[Vec<u8>]) -> Vec<u8> {
    webm(b"A_OPUS", &head(1), packets)
}

/// What is in an Ogg file, read by the rules alone: positions of its pages with their flags, and its packets.
fn opened(ogg: &[u8]) -> (Vec<(u8, u64)>, Vec<Vec<u8>>) {
    let (mut pages, mut packets, mut rest) = (Vec::new(), Vec::new(), ogg);
    while !rest.is_empty() {
        assert_eq!(&rest[..5], b"OggS\0");
        pages.push((rest[5], u64::from_le_bytes(rest[6..14].try_into().unwrap())));
        assert_eq!(u32::from_le_bytes(rest[18..22].try_into().unwrap()) as usize, pages.len() - 1);
        let count = rest[26] as usize;
        let (table, mut body) = rest[27..].split_at(count);
        let mut open = Vec::new();
        for size in table {
            let (segment, next) = body.split_at(*size as usize);
            open.extend_from_slice(segment);
            body = next;
            if *size < 255 {
                packets.push(std::mem::take(&mut open));
            }
        }
        assert!(open.is_empty(), "no packet lies on two pages");
        rest = body;
    }
    (pages, packets)
}

#[test]
fn packets_go_from_webm_to_ogg_as_they_are() {
    let sound = packets(500, false);
    let note = rewrap(&opus(&sound)).unwrap();
    assert_eq!((note.heard.length_ms, note.heard.is_mono), ((500 * 960 - 312) / 48, true));
    let (pages, found) = opened(&note.ogg);
    assert_eq!(found[0], head(1));
    assert!(found[1].starts_with(b"OpusTags"));
    assert!(found[2..] == sound);
    let (first, last) = (pages.first().unwrap(), pages.last().unwrap());
    assert_eq!((*first, *last), ((2, 0), (4, 500 * 960)));
    assert!(pages[1..pages.len() - 1].iter().all(|(flags, _)| *flags == 0));
    assert!(pages.windows(2).all(|two| two[0].1 <= two[1].1 && two[1].1 - two[0].1 <= 48_000));
}

#[test]
fn recordings_of_chromium_become_voice_notes() {
    for recording in [CHROMIUM, CHROMIUM_LIVE] {
        let note = rewrap(recording).unwrap();
        assert!((2_000..3_000).contains(&note.heard.length_ms), "{} ms", note.heard.length_ms);
        assert!(note.heard.is_mono);
        // The fake microphone beeps: there are loud parts and quiet ones.
        let bars = note.heard.waveform;
        assert!(bars.iter().any(|bar| *bar > 80) && bars.iter().any(|bar| *bar < 40), "{bars:?}");
        assert_eq!(rewrap(&note.ogg), Ok(note.clone()), "what is a voice note stays as it is");
        assert!(note.ogg.len() < recording.len());
    }
}

#[test]
fn ogg_as_firefox_records_it_becomes_one_channel_without_its_comments() {
    let sound = packets(120, false);
    let plain = rewrap(&opus(&sound)).unwrap().ogg;
    // Its head says two channels, its comments who wrote it.
    let mut talkative = head(2);
    talkative.truncate(19);
    let comments = b"OpusTags\x0b\0\0\0Mozilla99.0\x01\0\0\0\x07\0\0\0X=Maria".to_vec();
    let file = ogg_of(&[&[talkative], &[comments], &sound[..50], &sound[50..]], 120 * 960 - 400);
    let note = rewrap(&file).unwrap();
    assert_eq!(opened(&note.ogg).1, opened(&plain).1);
    assert_eq!(opened(&note.ogg).0.last(), Some(&(4, 120 * 960 - 400)), "its end is kept");
    assert!(!note.ogg.windows(5).any(|five| five == b"Maria"));
    // The same, of something that has been running for an hour.
    let late = ogg_from(&[&[head(1)], &[b"OpusTags".to_vec()], &sound], 120 * 960, 3_600 * 48_000);
    assert_eq!(rewrap(&late).unwrap().heard.length_ms, (120 * 960 - 312) / 48);
}

/// An Ogg file with these packets on its pages.
fn ogg_of(pages: &[&[Vec<u8>]], end: u64) -> Vec<u8> {
    ogg_from(pages, end, 0)
}

fn ogg_from(pages: &[&[Vec<u8>]], end: u64, from: u64) -> Vec<u8> {
    let (mut file, mut position) = (Vec::new(), 0);
    for (number, packets) in pages.iter().enumerate() {
        let is_last = number == pages.len() - 1;
        if number > 1 {
            position += packets.len() as u64 * 960;
        }
        let shown = if is_last {
            end + from
        } else if number > 1 {
            position + from
        } else {
            0
        };
        let mut page = b"OggS\0".to_vec();
        page.push(if number == 0 {
            2
        } else if is_last {
            4
        } else {
            0
        });
        page.extend_from_slice(&shown.to_le_bytes());
        page.extend_from_slice(&7_u32.to_le_bytes());
        page.extend_from_slice(&u32::try_from(number).unwrap().to_le_bytes());
        page.extend_from_slice(&[0; 4]);
        let table: Vec<u8> = packets
            .iter()
            .flat_map(|it| {
                std::iter::repeat_n(255, it.len() / 255).chain([u8::try_from(it.len() % 255).unwrap()])
            })
            .collect();
        page.push(u8::try_from(table.len()).unwrap());
        page.extend(table);
        page.extend(packets.concat());
        let sum = crc(&page);
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        file.extend(page);
    }
    file
}

/// The sum of a page, bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
            if sum >> 31 == 1 { sum << 1 ^ 0x04c1_1db7 } else { sum << 1 }
        })
    })
}

#[test]
fn what_cannot_become_a_voice_note_says_why() {
    let sound = packets(10, false);
    let laced = {
        let mut file = opus(&sound);
        let at = file.windows(4).position(|four| four == b"\x81\0\0\x80").unwrap();
        file[at + 3] |= 2;
        file
    };
    let two_tracks = [opus(&[]), element(b"\xae", &element(b"\xd7", &[2]))].concat();
    let locked = [opus(&[]), element(b"\x6d\x80", &[])].concat();
    for (file, fault) in [
        (opus(&packets(10, true)), Fault::Stereo),
        (webm(b"A_OPUS", &[&head(6)[..18], &[1, 4, 2, 0, 4, 1, 2, 3, 5]].concat(), &sound), Fault::Stereo),
        (webm(b"A_VORBIS", b"vorbis", &sound), Fault::Codec),
        (laced, Fault::Codec),
        (two_tracks, Fault::Codec),
        (locked, Fault::Codec),
        (opus(&[]), Fault::Empty),
        (opus(&packets(0, false)), Fault::Empty),
        (b"\0\0\0\x18ftypiso5\0\0\0\0iso5mp41".to_vec(), Fault::Mp4),
        (b"#!AMR\n".to_vec(), Fault::Container),
        (Vec::new(), Fault::Container),
        (element(b"\x1a\x45\xdf\xa3", &element(b"\x42\x82", b"mkv9")), Fault::Container),
        (opus(&[vec![0xf8], Vec::new()]), Fault::Broken("a packet is malformed")),
        (opus(&sound)[..200].to_vec(), Fault::Broken("it is cut off")),
        (
            [rewrap(&opus(&sound)).unwrap().ogg, b"PK\x03\x04".to_vec()].concat(),
            Fault::Broken("a page is cut off or changed"),
        ),
        (ogg_of(&[&[b"\x01vorbis".to_vec()], &[Vec::new()], &sound], 9600), Fault::Codec),
        (ogg_of(&[&[head(1)], &[b"OpusTags".to_vec()], &packets(10, true)], 9600), Fault::Stereo),
    ] {
        assert_eq!(rewrap(&file).map(|note| note.heard), Err(fault));
    }
    let two = opus(&packets(10, true));
    assert_eq!(listen(&two).map(|heard| (heard.is_mono, heard.length_ms)), Ok((false, (9600 - 312) / 48)));
}

#[test]
fn elements_within_elements_and_sizes_that_lie_are_survived() {
    // A cluster in a cluster in a cluster, a hundred thousand times, and sizes up to the largest that can be written.
    let deep = b"\x1f\x43\xb6\x75\xff".repeat(100_000);
    assert_eq!(rewrap(&[opus(&[]), deep].concat()), Err(Fault::Empty));
    for size in [&[0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe][..], &[0x7f, 0xfe], &[0xff], &[0x00]] {
        let file = [opus(&[]), b"\xa3".to_vec(), size.to_vec(), vec![0; 40]].concat();
        assert_eq!(rewrap(&file), Err(Fault::Broken("it is cut off")), "{size:?}");
    }
    // As many packets as fit, each as short and as long as can be: the outcome stays of the size of the file.
    let many = opus(&vec![vec![0xfb, 6]; 200_000]);
    let note = rewrap(&many).unwrap();
    assert!(note.ogg.len() <= many.len() && note.heard.length_ms == (200_000 * 5_760 - 312) / 48);
}

/// What other people's programs say of what is written here: `opusinfo` and `opusdec` of opus-tools, in the folder that
/// `ZELO_TEST_OPUS_TOOLS` names.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test's environment is read where it is needed")]
fn opus_tools_find_nothing_wrong_and_play_every_sample() {
    let Ok(tools) = std::env::var("ZELO_TEST_OPUS_TOOLS") else {
        println!("skipped: ZELO_TEST_OPUS_TOOLS names no folder with opusinfo and opusdec");
        return;
    };
    let folder = std::env::temp_dir().join(format!("zelo-voice-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (file, played) = (folder.join("note.ogg"), folder.join("note.raw"));
    let note = rewrap(CHROMIUM).unwrap();
    std::fs::write(&file, &note.ogg).unwrap();
    let run = |program: &str, arguments: &[&std::ffi::OsStr]| {
        let path = std::path::Path::new(&tools).join(program);
        let out = std::process::Command::new(path).args(arguments).output().unwrap();
        (out.status.success(), String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned())
    };
    let (_, said) = run("opusinfo", &[file.as_os_str()]);
    assert!(said.contains("Channels: 1") && said.contains("Playback length: 0m:02."), "{said}");
    // Chromium says that nothing is to be skipped, and who only moves packets says what it said.
    let mut warnings = said.lines().filter(|line| line.to_uppercase().contains("WARNING"));
    assert!(warnings.all(|line| line.contains("preskip")), "{said}");
    let decode: [&std::ffi::OsStr; 4] =
        ["--rate".as_ref(), "48000".as_ref(), file.as_os_str(), played.as_os_str()];
    let (is_whole, said) = run("opusdec", &decode);
    assert!(is_whole, "{said}");
    let samples = std::fs::read(&played).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    // Two bytes each; 48 in a millisecond.
    assert_eq!(samples.len() as u64 / 2 / 48, note.heard.length_ms);
    let loudest =
        samples.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]).unsigned_abs()).max();
    assert!(loudest > Some(1_000), "nothing is heard: {loudest:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 600 }))]

    /// Cut anywhere, with bytes changed anywhere: refused, or made into something that is whole.
    #[test]
    fn no_damage_makes_it_panic_or_write_what_is_not_whole(
        of_chromium in any::<bool>(),
        as_ogg in any::<bool>(),
        cut in 0.0..1.0_f64,
        changes in prop::collection::vec((0.0..1.0_f64, any::<u8>()), 0..6),
    ) {
        let mut file = if of_chromium { CHROMIUM.to_vec() } else { opus(&packets(60, false)) };
        if as_ogg {
            file = rewrap(&file).unwrap().ogg;
        }
        if cut > 0.5 {
            file.truncate((file.len() as f64 * cut) as usize);
        }
        for (place, value) in changes {
            let at = (file.len() as f64 * place) as usize;
            if let Some(byte) = file.get_mut(at) {
                *byte = value;
            }
        }
        let _ = listen(&file);
        if let Ok(note) = rewrap(&file) {
            prop_assert_eq!(rewrap(&note.ogg), Ok(note));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(begin in 0..3_usize, bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let magic: &[u8] = [&b"\x1a\x45\xdf\xa3"[..], b"OggS\0", b""][begin];
        let file = [magic, &bytes].concat();
        let (_, _) = (listen(&file), rewrap(&file));
    }
}
