//! Archives made of any bytes.

const BLOCK: usize = 512;
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// Pieces of names that get in each other's way.
const PIECES: [&[u8]; 24] = [
    b"a",
    b"b",
    b"c",
    b"d",
    b"..",
    b".",
    b"",
    b"outside",
    b"precious",
    b".wh.a",
    b".wh.b",
    b".wh.c",
    b".wh..wh..opq",
    b".wh.",
    b".wh..",
    b".wh...",
    b".wh..wh.a",
    b"etc",
    b"\xff\n",
    b"A",
    b"a ",
    b"root",
    b"lib",
    b"../outside",
];

const KINDS: [u8; 12] = [b'0', b'0', b'0', b'5', b'5', b'1', b'1', b'2', b'2', b'3', b'6', 0];

/// Puts right the checksum of every block that looks like a header, since no mutation would.
pub fn with_checksums(data: &[u8]) -> Vec<u8> {
    let mut archive = data.to_vec();
    archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    for block in archive.chunks_exact_mut(BLOCK) {
        let magic = &block[257..262];
        if magic == b"ustar" {
            seal(block);
        }
    }
    archive
}

fn seal(block: &mut [u8]) {
    block[CHECKSUM].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// Reads bytes as a list of members: whatever they are, a valid archive comes out.
pub fn of_members(data: &[u8]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut bytes = data.iter().copied();
    while let Some(first) = bytes.next() {
        let mut next = || bytes.next().unwrap_or(0);
        let kind = KINDS[usize::from(first) % KINDS.len()];
        let name = name(&mut next);
        let link = if matches!(kind, b'1' | b'2') { self::name(&mut next) } else { Vec::new() };
        let size = if matches!(kind, b'0' | 0) { usize::from(next()) % 24 } else { 0 };
        let mode = u32::from(next()) | u32::from(first & 0xf0) << 4;
        member(&mut archive, kind, &name, &link, mode, &vec![b'x'; size]);
    }
    archive.resize(archive.len() + 2 * BLOCK, 0);
    archive
}

/// One to four pieces with slashes between them, maybe one in front and one behind.
fn name(next: &mut impl FnMut() -> u8) -> Vec<u8> {
    let shape = next();
    let pieces: Vec<&[u8]> = (0..=shape % 4).map(|_| PIECES[usize::from(next()) % PIECES.len()]).collect();
    let mut name = pieces.join(&b'/');
    if shape & 0x40 != 0 {
        name.insert(0, b'/');
    }
    if shape & 0x20 != 0 {
        name.push(b'/');
    }
    name
}

fn member(archive: &mut Vec<u8>, kind: u8, name: &[u8], link: &[u8], mode: u32, content: &[u8]) {
    let mut block = [0; BLOCK];
    block[..name.len()].copy_from_slice(name);
    block[157..157 + link.len()].copy_from_slice(link);
    let mut octal = |at: usize, digits: usize, value: u64| {
        block[at..at + digits].copy_from_slice(format!("{value:0digits$o}").as_bytes());
    };
    octal(100, 7, u64::from(mode));
    octal(108, 7, u64::from(mode & 3));
    octal(116, 7, 0);
    octal(124, 11, content.len() as u64);
    octal(136, 11, 1_000_000_000);
    octal(329, 7, 1);
    octal(337, 7, 3);
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    seal(&mut block);
    archive.extend_from_slice(&block);
    archive.extend_from_slice(content);
    archive.resize(archive.len().next_multiple_of(BLOCK), 0);
}
