"""What steps have to do with people: whom they mean, what they are asked, told and what they say."""
