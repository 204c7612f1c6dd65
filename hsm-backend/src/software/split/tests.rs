use super::*;

fn random(bytes: usize) -> Result<SecretValue, HsmError> {
    let mut made = vec![0; bytes];
    crate::software::fill_random(&mut made)?;
    Ok(SecretValue::new(made))
}

/// 2^521 - 1.
fn mersenne() -> Sharing {
    let mut prime = vec![0xFF; 66];
    prime[0] = 1;
    Sharing::Prime(PrimeField::new(&prime).unwrap())
}

fn sharings() -> [Sharing; 3] {
    [Sharing::Gf256, Sharing::Gf65536, mersenne()]
}

fn secret() -> SecretValue {
    SecretValue::new((0..32).map(|byte| byte * 7).collect())
}

#[test]
fn any_parts_as_many_as_the_threshold_give_the_secret_back() {
    for sharing in sharings() {
        let parts = split(&sharing, &secret(), 5, 3, random).unwrap();
        for chosen in [[0, 1, 2], [4, 2, 0], [1, 3, 4]] {
            let chosen = chosen.map(|place| parts[place].clone());
            assert_eq!(join(&sharing, &chosen, 3, 32), Ok(secret()), "{sharing:?}");
        }
        assert_eq!(join(&sharing, &parts, 3, 32), Ok(secret()), "all of them");
        assert_eq!(join(&sharing, &parts[..2], 3, 32), Err(AMISS), "too few");
        let twice = [parts[0].clone(), parts[1].clone(), parts[0].clone()];
        assert_eq!(join(&sharing, &twice, 3, 32), Err(AMISS));
    }
}

#[test]
fn xor_takes_all_parts() {
    let parts = split(&Sharing::Xor, &secret(), 3, 3, random).unwrap();
    assert_eq!(join(&Sharing::Xor, &parts, 3, 32), Ok(secret()));
    assert_eq!(join(&Sharing::Xor, &parts[..2], 3, 32), Err(AMISS));
    assert!(split(&Sharing::Xor, &secret(), 3, 2, random).is_err());
}

#[test]
fn part_that_was_changed_is_noticed_where_there_is_one_to_spare() {
    for sharing in sharings() {
        let mut parts = split(&sharing, &secret(), 4, 3, random).unwrap();
        let mut bytes = parts[1].value.expose().to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        parts[1].value = SecretValue::new(bytes);
        assert_eq!(join(&sharing, &parts, 3, 32), Err(AMISS), "{sharing:?}");
    }
}

#[test]
fn numbers_and_lengths_that_cannot_be_are_refused() {
    for (parts, threshold) in [(3, 4), (3, 1), (3, 0), (256, 2)] {
        assert!(split(&Sharing::Gf256, &secret(), parts, threshold, random).is_err());
    }
    let odd = SecretValue::new(vec![1; 3]);
    assert!(split(&Sharing::Gf65536, &odd, 3, 2, random).is_err());
    assert!(split(&Sharing::Gf65536, &secret(), 300, 2, random).is_ok());
    for number in [&[0_u8][..], &[1], &[2], &[15], &[0xFF; 40]] {
        assert!(PrimeField::new(number).is_err(), "{number:?}");
    }
    let small = Sharing::Prime(PrimeField::new(&[251]).unwrap());
    assert!(split(&small, &secret(), 3, 2, random).is_err(), "a secret above the prime");
}

/// 1 + 2x over the numbers below 251, by hand; 2x + 1 over bytes, where 3 times 2 is 6.
#[test]
fn shares_lie_on_the_line_that_the_specification_draws() {
    let two = |bytes| Ok::<_, HsmError>(SecretValue::new([vec![0; bytes - 1], vec![2]].concat()));
    let values = |sharing: &Sharing| {
        let parts = split(sharing, &SecretValue::new(vec![1]), 3, 2, two).unwrap();
        parts.iter().map(|part| part.value.expose().to_vec()).collect::<Vec<_>>()
    };
    let small = Sharing::Prime(PrimeField::new(&[251]).unwrap());
    assert_eq!(values(&small), [[3], [5], [7]]);
    assert_eq!(values(&Sharing::Gf256), [[3], [5], [7]]);
}
